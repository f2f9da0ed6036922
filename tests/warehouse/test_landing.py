"""The raw landing: bytes as they came, each once, in order, whole or not at all."""

import gzip
import io
import multiprocessing
import resource
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from warehouse.landing import Entry, Landing, open_plain

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
BODY = b"NoticeId,Title\r\n" + b"a,b\r\n" * 5000


def add(landing: Landing, body: bytes, origin: str = "daily.csv", source: str = "sam_gov") -> tuple[Entry, bool]:
    """Land some bytes."""
    return landing.add(source, io.BytesIO(body), feed="bulk_csv", origin=origin, fetched_at=AT)


def files(folder: Path) -> set[str]:
    """Name all entries' files."""
    return {path.name for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")}


def test_plain_bytes_are_compressed_and_come_back(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    entry, is_new = add(landing, BODY)
    assert is_new
    assert entry.sha256 == sha256(BODY).hexdigest()
    assert (entry.size, entry.encoding) == (len(BODY), "zstd")
    assert files(tmp_path) == {f"{entry.sha256}.zst", f"{entry.sha256}.json"}
    with landing.open(entry) as plain:
        assert plain.read() == BODY
    assert landing.is_whole(entry)


def test_gzip_stays_as_it_came(tmp_path: Path) -> None:
    landing, body = Landing(tmp_path), gzip.compress(BODY)
    entry, _ = add(landing, body)
    stored = tmp_path / "sam_gov" / entry.sha256[:2] / f"{entry.sha256}.gz"
    assert stored.read_bytes() == body
    assert entry.sha256 == sha256(body).hexdigest()
    with landing.open(entry) as plain:
        assert plain.read() == BODY


def test_same_bytes_are_the_same_entry(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    first, _ = add(landing, BODY)
    other, _ = add(landing, BODY + b"c,d\r\n")
    again, is_new = add(landing, BODY, origin="another name.csv")
    assert not is_new
    assert again == first
    assert [entry.order for entry in landing.entries("sam_gov")] == [first.order, other.order]


def test_a_damaged_file_is_known_by_its_name(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    entry, _ = add(landing, BODY)
    stored = next(tmp_path.rglob("*.zst"))
    stored.write_bytes(stored.read_bytes()[:-20] + b"x" * 20)
    assert not landing.is_whole(entry)


def _land_twenty(folder: str, first: int) -> None:
    for number in range(first, first + 20):
        add(Landing(Path(folder)), f"body {number}".encode(), source=f"source{number % 3}")


def test_orders_are_unique_and_rising_over_processes(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_land_twenty, args=(str(tmp_path), first)) for first in (0, 100, 200)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(entry.order for entry in Landing(tmp_path).entries()) == list(range(1, 61))


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import resource, signal, sys
        sys.path.insert(0, {str(Path.cwd())!r})
        from pathlib import Path
        from tests.warehouse.test_landing import add
        from warehouse.errors import DiskFull
        from warehouse.landing import Landing
        import os
        landing = Landing(Path({str(tmp_path)!r}))
        add(landing, b"small")
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            add(landing, os.urandom(3_000_000), origin="huge.csv")
        except DiskFull as error:
            print(error)
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "DiskFull: there is no room for huge.csv" in done.stdout
    assert "Kept:" in done.stdout
    assert "To do:" in done.stdout
    assert len(files(tmp_path)) == 2
    assert not list(tmp_path.rglob("*.part"))
    assert [entry.order for entry in Landing(tmp_path).entries()] == [1]


def test_memory_stays_small_for_a_long_stream(tmp_path: Path) -> None:
    class Endless(io.RawIOBase):
        left = 200

        def read(self, size: int = -1) -> bytes:  # 200 MB, a megabyte at a time
            self.left -= 1
            return bytes(1024 * 1024) if self.left >= 0 else b""

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    entry, _ = Landing(tmp_path).add("sam_gov", Endless(), feed="bulk_csv", origin="long", fetched_at=AT)  # type: ignore[arg-type]
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert entry.size == 200 * 1024 * 1024
    assert grown < 60_000  # kB


def test_open_plain_knows_gzip_by_its_bytes(tmp_path: Path) -> None:
    for name, body in (("plain.gz", BODY), ("packed.csv", gzip.compress(BODY))):
        (tmp_path / name).write_bytes(body)
        with (tmp_path / name).open("rb") as stored:
            assert open_plain(stored).read() == BODY


def test_purged_bytes_are_gone_and_their_sidecar_stays(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    entry, _ = add(landing, BODY)
    kept, _ = add(landing, b"other")
    assert landing.purge(entry, at=AT) > 0
    assert landing.purge(entry, at=AT + timedelta(days=1)) == 0
    assert [one.sha256 for one in landing.entries()] == [kept.sha256]
    assert [(one.sha256, one.purged_at) for one in landing.purged()] == [(entry.sha256, AT)]
    assert [path.suffix for path in tmp_path.glob(f"*/??/{entry.sha256}*")] == [".json"]
    assert landing.sources() == {entry.source}


def test_purged_bytes_offered_again_are_known_and_stay_away(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    entry, _ = add(landing, BODY)
    landing.purge(entry, at=AT)
    again, is_new = landing.add(entry.source, io.BytesIO(BODY), feed=entry.feed, origin="again", fetched_at=AT)
    assert (again.order, is_new) == (entry.order, False)
    assert landing.entries() == []
    assert add(landing, b"other")[0].order > entry.order


def test_purge_that_was_cut_off_is_finished(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    entry, _ = add(landing, BODY)
    stored = next(tmp_path.glob(f"*/??/{entry.sha256}.zst"))
    body = stored.read_bytes()
    landing.purge(entry, at=AT)
    stored.write_bytes(body)  # killed between the sidecar and the bytes
    assert landing.entries() == []
    assert landing.purge(entry, at=AT) == len(body)
    assert not stored.exists()
