"""The store of bytes, the same for a folder and a bucket: whole or not at all, once, found again, never outside."""

import base64
import io
import os
import random
import subprocess
import threading
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, cast

import boto3
import pytest
from moto.server import ThreadedMotoServer

from warehouse.errors import BadInput, DiskFull, NotFound, NotPermitted, StoreUnavailable
from warehouse.object_store import ObjectStore, is_path, is_whole, open_object_store
from warehouse.object_store_folder import FolderStore
from warehouse.object_store_s3 import PART_BYTES, BucketStore
from warehouse.redaction import redact_text
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

MB = 1024**2
SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3 server of this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        boto3.client("s3", endpoint_url=f"http://{host}:{port}").create_bucket(Bucket="offers")
        yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """A fresh, empty store of each kind."""
    if request.param == "folder":
        return open_object_store(Settings(home=tmp_path))
    endpoint = request.getfixturevalue("endpoint")
    address = f"s3://offers/{tmp_path.name}-{random.randrange(10**9)}"
    return open_object_store(Settings(home=tmp_path, files_url=address, files_s3_endpoint=endpoint))


def read(store: ObjectStore, path: str) -> bytes:
    with store.open(path) as stream:
        return stream.read()


class Cut(io.RawIOBase):
    """A stream that fails after its first piece, as a connection that is cut."""

    def __init__(self) -> None:
        self.pieces = [b"x" * MB]

    def read(self, size: int = -1) -> bytes:
        if self.pieces:
            return self.pieces.pop()
        raise ConnectionResetError


@pytest.mark.parametrize("size", [1, MB, 3 * PART_BYTES + 17])
def test_bytes_are_found_again_under_their_hash(store: ObjectStore, size: int) -> None:
    data = random.Random(size).randbytes(size)
    stored = store.put(io.BytesIO(data), limit=size)
    digest = sha256(data).hexdigest()
    assert (stored.path, stored.sha256, stored.size) == (f"{digest[:2]}/{digest}", digest, size)
    assert read(store, stored.path) == data
    assert is_whole(store, stored.path)
    assert store.has(stored.path)
    with store.local(stored.path) as path:
        assert path.read_bytes() == data


def test_the_same_bytes_lie_once(store: ObjectStore) -> None:
    first = store.put(io.BytesIO(b"volume"), limit=100)
    assert store.put(io.BytesIO(b"volume"), limit=100) == first
    store.put(io.BytesIO(b"another"), limit=100)
    found = list(store.walk())
    assert len(found) == 2
    assert {(o.path, o.size) for o in found} >= {(first.path, 6)}
    assert all(abs(o.modified_at - datetime.now(UTC)) < timedelta(minutes=1) for o in found)


@pytest.mark.parametrize("data", [b"", b"x" * 11])
def test_nothing_is_left_of_what_is_empty_or_too_large(store: ObjectStore, data: bytes) -> None:
    with pytest.raises(BadInput):
        store.put(io.BytesIO(data), limit=10)
    assert list(store.walk()) == []
    assert list(store.drafts(before=datetime.now(UTC) + timedelta(hours=1))) == []


def test_nothing_is_left_of_a_stream_that_breaks_off(store: ObjectStore) -> None:
    with pytest.raises((ConnectionResetError, StoreUnavailable)):
        store.put(cast(BinaryIO, Cut()), limit=10 * MB)
    assert list(store.walk()) == []
    assert list(store.drafts(before=datetime.now(UTC) + timedelta(hours=1))) == []


def test_what_is_removed_is_gone_and_removing_again_is_no_fault(store: ObjectStore) -> None:
    path = store.put(io.BytesIO(b"volume"), limit=100).path
    store.delete(path)
    store.delete(path)
    assert not store.has(path)
    with pytest.raises(NotFound):
        store.open(path)
    with pytest.raises(NotFound), store.local(path):
        pass


@pytest.mark.parametrize(
    "path", ["../secrets/audit.json", "/etc/passwd", "ab/../../x", "ab/" + "a" * 63, "", "ab/cd" + "0" * 62]
)
def test_no_path_but_a_hash_is_opened_or_removed(store: ObjectStore, path: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"kept")
    assert not is_path(path)
    assert not store.has(path)
    with pytest.raises(NotFound):
        store.open(path)
    store.delete(path)
    assert (tmp_path / "x").read_bytes() == b"kept"


def test_a_folder_is_the_owners_alone_and_keeps_no_half_file(tmp_path: Path) -> None:
    store = open_object_store(Settings(home=tmp_path))
    path = store.put(io.BytesIO(b"volume"), limit=100).path
    root = tmp_path / "files"
    modes = {p: p.stat().st_mode & 0o777 for p in [root, *root.rglob("*")]}
    assert {mode for p, mode in modes.items() if p.is_dir()} == {0o700}
    assert {mode for p, mode in modes.items() if p.is_file()} == {0o600}
    half = root / ".drafts" / "1-dead"
    half.write_bytes(b"half")
    os.utime(half, (0, 0))
    fresh = root / ".drafts" / "2-alive"
    fresh.write_bytes(b"half")
    assert [o.path for o in store.walk()] == [path]
    (found,) = list(store.drafts(before=datetime.now(UTC) - timedelta(hours=1)))
    assert found[0] == "1-dead"
    found[1]()
    assert not half.exists()
    assert fresh.exists()


def test_a_damaged_file_is_noticed_and_healed_by_the_same_bytes(tmp_path: Path) -> None:
    store = open_object_store(Settings(home=tmp_path, files_url=str(tmp_path / "elsewhere")))
    path = store.put(io.BytesIO(b"volume"), limit=100).path
    (tmp_path / "elsewhere" / path).write_bytes(b"volumf")
    assert not is_whole(store, path)
    store.put(io.BytesIO(b"volume"), limit=100)
    assert is_whole(store, path)


def test_a_folder_that_may_not_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises((NotPermitted, StoreUnavailable)) as said:
        open_object_store(Settings(home=tmp_path, files_url=str(tmp_path / "file"))).put(io.BytesIO(b"x"), limit=10)
    assert "Kept" in str(said.value)


def test_an_address_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        open_object_store(Settings(home=tmp_path, files_url="ftp://x/y"))


def test_a_bucket_that_is_not_there_or_does_not_answer_is_said_by_code(endpoint: str, tmp_path: Path) -> None:
    for address, where in (("s3://no-such-bucket/x", endpoint), ("s3://offers/x", "http://127.0.0.1:9")):
        store = open_object_store(Settings(home=tmp_path, files_url=address, files_s3_endpoint=where))
        with pytest.raises(StoreUnavailable) as said:
            store.put(io.BytesIO(b"x"), limit=10)
        assert SECRET not in str(said.value)
    assert SECRET not in redact_text(f"something says {SECRET}")


def test_parts_of_an_upload_that_was_killed_are_removed(endpoint: str, tmp_path: Path) -> None:
    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_multipart_upload(Bucket="offers", Key=f"{tmp_path.name}/ab/{'ab' * 32}")
    store = open_object_store(
        Settings(home=tmp_path, files_url=f"s3://offers/{tmp_path.name}", files_s3_endpoint=endpoint)
    )
    assert list(store.drafts(before=datetime(2000, 1, 1, tzinfo=UTC))) == []
    (found,) = list(store.drafts(before=datetime(2100, 1, 1, tzinfo=UTC)))
    found[1]()
    assert "Uploads" not in client.list_multipart_uploads(Bucket="offers", Prefix=f"{tmp_path.name}/")


def test_large_files_are_brought_in_parts_and_nothing_is_left_here(endpoint: str, tmp_path: Path) -> None:
    client = boto3.client("s3", endpoint_url=endpoint)
    store = open_object_store(
        Settings(home=tmp_path, files_url=f"s3://offers/{tmp_path.name}", files_s3_endpoint=endpoint)
    )
    large = store.put(io.BytesIO(b"v" * (2 * PART_BYTES + 1)), limit=100 * MB)
    assert client.head_object(Bucket="offers", Key=f"{tmp_path.name}/{large.path}")["ETag"].strip('"').endswith("-3")
    assert list((tmp_path / "tmp").iterdir()) == []


class Recorder(BaseHTTPRequestHandler):
    """A server that remembers what a PUT announces and says that the bytes do not fit."""

    checksums: ClassVar[list[str | None]] = []

    def do_PUT(self) -> None:
        self.checksums.append(self.headers["x-amz-checksum-sha256"])
        self.rfile.read(int(self.headers["content-length"]))
        body = b"<Error><Code>BadDigest</Code><Message>no</Message></Error>"
        self.send_response(400)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Stay silent."""


def test_the_bucket_is_told_the_checksum_and_its_refusal_is_said(endpoint: str, tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), Recorder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        where = f"http://127.0.0.1:{server.server_port}"
        store = open_object_store(Settings(home=tmp_path, files_url="s3://offers/x", files_s3_endpoint=where))
        with pytest.raises(StoreUnavailable, match="BadDigest"):
            store.put(io.BytesIO(b"volume"), limit=100)
        server.shutdown()
    assert set(Recorder.checksums) == {base64.b64encode(sha256(b"volume").digest()).decode()}


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A volume of memory of 3 MB."""
    where = tmp_path / "volume"
    where.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", where], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("only root may mount a small volume")
    yield where
    subprocess.run(["umount", "-l", where], check=True)


def test_a_full_disk_is_one_sentence_and_nothing_is_left(volume: Path, tmp_path: Path) -> None:
    store = open_object_store(Settings(home=tmp_path, files_url=str(volume)))
    kept = store.put(io.BytesIO(b"k" * MB), limit=MB)
    with pytest.raises(DiskFull) as said:
        store.put(io.BytesIO(random.Random(1).randbytes(5 * MB)), limit=100 * MB)
    assert "free some space" in said.value.todo
    assert [found.path for found in store.walk()] == [kept.path]
    assert list((volume / ".drafts").iterdir()) == []
    store.put(io.BytesIO(b"l" * MB), limit=MB)
    assert is_whole(store, kept.path)


def test_a_full_scratch_folder_of_a_bucket_is_the_same_sentence(volume: Path, endpoint: str) -> None:
    store = BucketStore("s3://offers/full", endpoint=endpoint, scratch=volume)
    with pytest.raises(DiskFull):
        store.put(io.BytesIO(random.Random(1).randbytes(5 * MB)), limit=100 * MB)
    assert list(volume.iterdir()) == []
    assert list(store.walk()) == []


def test_memory_stays_small_however_large_a_file_is(store: ObjectStore) -> None:
    class Long(io.RawIOBase):
        left = 40 * MB

        def readable(self) -> bool:
            return True

        def readinto(self, target: Any) -> int:
            size = min(len(target), self.left)
            target[:size] = bytes(size)
            self.left -= size
            return size

    tracemalloc.start()
    path = store.put(cast(BinaryIO, Long()), limit=100 * MB).path
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The bucket's server of the tests runs in this process and holds the object.
    assert peak < (8 * MB if isinstance(store, FolderStore) else 200 * MB)
    assert store.has(path)
