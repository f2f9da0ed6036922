"""What a file looks like, made inert: pictures of pages, values of cells, plain text. Never the file itself.

A child process with limits reads it, so that a file that breaks a reader breaks nothing else. Not here: how each kind is read
(previews_readers.py), whether it is dangerous (scan.py).
"""

import base64
import binascii
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.submission.files import find_openable
from warehouse.domain.access import Person
from warehouse.ledger.store import Ledger
from warehouse.object_store import ObjectStore, open_object_store
from warehouse.settings import ROOT

SECONDS = 10
ASKED = 2
"""How often a child may miss its time on a busy machine until a document counts as unreadable."""
MOST_ANSWER_BYTES = 32 * 1024 * 1024
"""Six pages as pictures are some MB; a child that was taken over cannot fill our memory."""
PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff")
NOTHING = "This file could not be shown: it is damaged, or would take too much memory or time. Download it to open it."


@dataclass(frozen=True)
class Block:
    """One part of a preview: a picture (PNG or JPEG), or a text, or a table of texts. `title` names page or sheet."""

    title: str = ""
    picture: bytes = b""
    text: str = ""
    table: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Preview:
    """What is shown of a file; `note` says what is left out, or why nothing is shown."""

    blocks: tuple[Block, ...]
    note: str = ""


def preview_of(ledger: Ledger, file_id: str, *, by: Person, store: ObjectStore | None = None) -> Preview:
    """Return what a file looks like; a file that cannot be shown gives a note instead.

    Raises:
        NotPermitted: `by` may read no files, or this one did not pass its scan.
        NotFound: there is none of this id that `by` may see, or its bytes are lost.
    """
    file = find_openable(ledger, file_id, by=by)
    with (store or open_object_store()).local(file.storage_path) as path:
        return read_preview(path, file.media_type, file.file_name)


def read_preview(path: Path, media_type: str, name: str) -> Preview:
    """Look at a file in a child process; whatever happens there, this returns within some 10 seconds."""
    return _ask_child({"path": str(path.absolute()), "media_type": media_type, "name": name})


def read_texts(path: Path, media_type: str, name: str) -> tuple[list[str], str]:
    """Return the texts of a document, read by the same child, and why there are none, as far as the child says it."""
    wanted = {"path": str(path.absolute()), "media_type": media_type, "name": name, "as_text": True}
    said = next((told for told in map(_ask_child, [wanted] * ASKED) if told.note != NOTHING), Preview((), NOTHING))
    texts = ["\n".join([block.text, *(" ".join(row) for row in block.table)]) for block in said.blocks]
    return [text for text in texts if text.strip()], said.note


def _ask_child(wanted: Mapping[str, object]) -> Preview:
    command = [sys.executable, "-s", "-B", "-m", "pipelines.submission.previews_child"]
    with tempfile.TemporaryFile() as answer:
        # No environment: no setting and no secret is the child's business.
        child = subprocess.Popen(
            command, cwd=ROOT, env={}, stdin=subprocess.PIPE, stdout=answer, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            child.communicate(json.dumps(wanted).encode(), SECONDS)
        except subprocess.TimeoutExpired:
            return Preview((), NOTHING)
        finally:
            _end(child)
        answer.seek(0)
        return parse_answer(answer.read(MOST_ANSWER_BYTES + 1))


def parse_answer(answer: bytes) -> Preview:
    """Read what the child says; anything but a whole, well-formed answer shows nothing."""
    if len(answer) > MOST_ANSWER_BYTES:
        return Preview((), NOTHING)
    try:
        said = json.loads(answer)
        return Preview(tuple(_block(block) for block in said["blocks"]), str(said["note"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        return Preview((), NOTHING)


def _block(said: dict[str, object]) -> Block:
    picture = base64.b64decode(str(said.get("picture", "")), validate=True)
    if picture and not picture.startswith(PICTURES):
        raise ValueError("no picture of a kind that is shown")
    table = said.get("table", [])
    if not isinstance(table, list):
        raise TypeError("no table")
    rows = tuple(tuple(str(cell) for cell in row) for row in table)
    return Block(str(said.get("title", "")), picture, str(said.get("text", "")), rows)


def _end(child: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        child.kill()
    child.wait()
