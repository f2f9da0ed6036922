"""Children are restarted with growing pauses and end with everything they started; real processes, none of ours."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from cli.children import Program, child_environment
from cli.leftovers import end_leftovers
from cli.state import ProcessState, UpState, write_state
from cli.supervisor import Supervisor
from cli.up import with_as_of
from warehouse.errors import StoreUnavailable
from warehouse.settings import Settings, current
from warehouse.stores import make_home

pytestmark = pytest.mark.thorough

SLEEP = "import time; time.sleep(600)"
# A process that starts another one in its session and waits, deaf to a polite end.
FAMILY = (
    "import signal, subprocess, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    f"subprocess.Popen([sys.executable, '-c', {SLEEP!r}])\n"
    "time.sleep(600)\n"
)


def _program(code: str, patience: float = 5.0) -> Program:
    return Program("child", [sys.executable, "-c", code], patience)


@pytest.fixture
def said() -> list[str]:
    """What the supervisor told."""
    return []


@pytest.fixture
def supervisor(settings: Settings, said: list[str]) -> Iterator[Supervisor]:
    """A supervisor whose children all end with the test."""
    make_home(settings)
    made = Supervisor(settings, said.append)
    yield made
    made.stop(*made.children)


def _wait(holds: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def test_dead_child_comes_back_after_a_growing_pause(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start(_program("pass"))

    def restarts() -> int:
        supervisor.revive(["child"], before=lambda name: None)
        return supervisor.children["child"].state.restarts

    _wait(lambda: restarts() >= 2)
    assert said[:2] == ["child ended (code 0); again in 0.5 s.", "child ended (code 0); again in 1 s."]


def test_living_child_is_left_alone(supervisor: Supervisor) -> None:
    supervisor.start(_program(SLEEP))
    assert not supervisor.revive(["child"], before=lambda name: None)


def test_end_reaches_what_the_child_started_too(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start(_program(FAMILY, patience=0.5))
    first = psutil.Process(supervisor.children["child"].process.pid)
    _wait(lambda: len(first.children()) == 1)
    second = first.children()[0]
    supervisor.stop("child")
    _wait(lambda: not second.is_running() or second.status() == psutil.STATUS_ZOMBIE)
    assert not first.is_running()
    assert said == ["child does not stop by itself; it is ended."]


def test_program_that_fails_to_the_end_says_where_to_look(supervisor: Supervisor) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        supervisor.run_to_end(_program("raise SystemExit('no room')"), lambda: False)
    assert "no room" in caught.value.what
    assert "logs/child.log" in caught.value.todo


def test_children_see_the_settings_and_little_else(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCURA_ADMIN_PASSWORD", "an orderly pass phrase 7")
    monkeypatch.setenv("SOMEBODYS_TOKEN", "secret")
    current.cache_clear()
    seen = child_environment(current())
    assert seen["PROCURA_HOME"] == str(settings.resolved_home)
    assert seen["PROCURA_OFFLINE"] == "1"
    assert "PROCURA_ADMIN_PASSWORD" not in seen
    assert "SOMEBODYS_TOKEN" not in seen
    current.cache_clear()


def test_children_look_at_the_world_from_the_stated_day(settings: Settings) -> None:
    seen = child_environment(with_as_of(settings, "2026-04-10"))
    assert seen["PROCURA_AS_OF"] == "2026-04-10T00:00:00+00:00"
    assert "PROCURA_AS_OF" not in child_environment(settings)


def test_leftovers_of_a_killed_life_are_ended_and_strangers_are_not(supervisor: Supervisor, settings: Settings) -> None:
    supervisor.start(_program(FAMILY))
    first = psutil.Process(supervisor.children["child"].process.pid)
    _wait(lambda: len(first.children()) == 1)
    orphan = first.children()[0]
    stranger = psutil.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
    first.send_signal(signal.SIGKILL)
    _wait(lambda: supervisor.children["child"].is_dead)
    told = {
        "code": supervisor.children["child"].state,
        # The id was used again by somebody else's process since.
        "web": ProcessState(stranger.pid, "1:1", "2026-01-01T00:00:00+00:00"),
    }
    write_state(settings, UpState(1, "1:1", "2026-01-01T00:00:00+00:00", "serving", str(Path()), processes=told))
    try:
        assert end_leftovers(settings) == 1
        assert stranger.poll() is None
        _wait(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE)
    finally:
        stranger.kill()
        stranger.wait()


def test_last_words_are_the_whole_last_message_of_the_latest_start(supervisor: Supervisor) -> None:
    supervisor.start(_program("print('DiskFull: no room.\\n  Kept: all.\\n  To do: free some.')"))
    _wait(lambda: supervisor.children["child"].is_dead)
    assert supervisor.last_words("child") == "DiskFull: no room.\n  Kept: all.\n  To do: free some."
    supervisor.start(_program("pass"))
    _wait(lambda: supervisor.children["child"].is_dead)
    assert supervisor.last_words("child") == "it wrote nothing"
