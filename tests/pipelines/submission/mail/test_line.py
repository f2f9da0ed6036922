"""A line to a mail server ends when its time is up, and nothing secret is noted of it."""

import base64
import socket
import threading
import time

from pipelines.submission.mail.line import Talk, cut_off


def test_a_line_that_drips_for_ever_is_cut_off() -> None:
    ours, theirs = socket.socketpair()
    over = threading.Event()

    def drip() -> None:
        try:
            while not over.wait(0.02):
                theirs.sendall(b"2")
        except OSError:
            return

    dripper = threading.Thread(target=drip)
    dripper.start()
    before, got = time.monotonic(), 0
    with ours, theirs, cut_off(ours, 0.3):
        while ours.recv(1):  # each byte comes in time, the line never ends
            got += 1
        over.set()
        dripper.join()
    assert got > 1
    assert time.monotonic() - before < 30


def test_a_line_in_time_is_left_alone() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with cut_off(ours, 60):
            theirs.sendall(b"hello")
            assert ours.recv(5) == b"hello"
        theirs.sendall(b"again")
        assert ours.recv(5) == b"again"


def test_secrets_and_their_codes_are_hidden_in_what_is_noted() -> None:
    talk = Talk("canary-user-name", "canary-mail-secret")
    coded = base64.b64encode(b"canary-mail-secret").decode()
    talk.note("server", f"535 canary-mail-secret {coded} is wrong\r\nfor canary-user-name\x00")
    (line,) = talk.lines
    assert "canary" not in line
    assert coded not in line
    assert line.startswith("server: 535 ***")
    assert line.isprintable()
