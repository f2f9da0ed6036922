"""The scanner itself: a planted text is found in each spelling and in each kind of place, and nothing where there is none."""

import base64
import gzip
import zipfile
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import zstandard

from tests.secrets_scanner import Canary, scan_home

TEXT = "canary: söme/secret+value&17"
CANARY = Canary("planted", TEXT)
RAW = TEXT.encode()


@pytest.mark.parametrize(
    ("spelling", "planted"),
    [
        ("raw", RAW),
        ("raw", TEXT.encode("utf-16-le")),
        ("reversed", RAW[::-1]),
        ("url", quote(TEXT, safe="").encode()),
        ("url", quote(TEXT).encode()),
        ("hex", RAW.hex().encode()),
        ("hex", RAW.hex().upper().encode()),
        *(
            ("base64", base64.b64encode(b"x" * before + RAW + b"y" * after))
            for before in range(4)
            for after in range(4)
        ),
        *(("base64", base64.urlsafe_b64encode(b"x" * before + RAW + b"y" * 2)) for before in range(3)),
    ],
)
def test_each_spelling_is_found(tmp_path: Path, spelling: str, planted: bytes) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file.bin").write_bytes(b"\x00\xff before " + planted + b" after \x00")
    found = scan_home(tmp_path, [CANARY, Canary("other", "not planted anywhere")])
    assert [(one.canary, one.spelling, one.path.name) for one in found] == [("planted", spelling, "file.bin")]


def pack(path: Path, kind: str) -> None:
    """Write the planted text packed in one of the ways that the product packs."""
    if kind == "gzip":
        path.write_bytes(gzip.compress(RAW))
    elif kind == "gzip that was cut off":
        path.write_bytes(gzip.compress(RAW + bytes(range(256)) * 500)[:-20])
    elif kind == "zstd":
        path.write_bytes(zstandard.compress(RAW))
    elif kind == "zstd within gzip":
        path.write_bytes(gzip.compress(zstandard.compress(RAW)))
    elif kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("sheet.xml", RAW)
    else:
        parquet.write_table(pa.table({"column": [TEXT] * 5}), path, compression="zstd")


@pytest.mark.parametrize("kind", ["gzip", "gzip that was cut off", "zstd", "zstd within gzip", "zip", "parquet"])
def test_packed_files_are_opened(tmp_path: Path, kind: str) -> None:
    pack(tmp_path / "packed", kind)
    assert {one.canary for one in scan_home(tmp_path, [CANARY])} == {"planted"}


def test_names_of_files_count_and_places_by_design_do_not(tmp_path: Path) -> None:
    plain = Canary("plain", "a-plain-secret")
    (tmp_path / "a-plain-secret.txt").touch()
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_text("a-plain-secret")
    found = scan_home(tmp_path, [plain], without=[tmp_path / "secrets"])
    assert [one.path.name for one in found] == ["a-plain-secret.txt"]


def test_bytes_are_looked_for_as_well(tmp_path: Path) -> None:
    key = bytes(range(100, 132))
    (tmp_path / "page").write_bytes(b"x" * 100 + key)
    (tmp_path / "text").write_bytes(base64.b64encode(key))
    found = scan_home(tmp_path, [Canary("key", key)])
    assert [(one.path.name, one.spelling) for one in found] == [("page", "raw"), ("text", "base64")]


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(range(256)) * 4_000)
    assert scan_home(tmp_path, [CANARY]) == []
