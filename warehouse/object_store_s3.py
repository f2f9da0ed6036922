"""A bucket as the object store. A stream is first written down here, then brought with its checksum; S3 shows no half object.

Keys come from where every tool of S3 takes them (AWS_ACCESS_KEY_ID, a profile, the machine's role); they are never said.
Not here: the interface and what a name is (object_store.py).
"""

import base64
import errno
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

from warehouse.errors import DiskFull, NotPermitted, StoreUnavailable
from warehouse.object_store import PIECE_BYTES, Stored, StoredObject, absent, is_path, write_pieces
from warehouse.redaction import remember

PART_BYTES = 8 * 1024**2
"""Of an object in several parts; two of them are under way at once, so memory stays at some 20 MB."""
_ABSENT = {"NoSuchKey", "404", "NotFound"}
_REFUSED = {"AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class BucketStore:
    """`s3://bucket/prefix/<2 hex>/<sha256>`."""

    def __init__(self, address: str, *, endpoint: str | None, scratch: Path) -> None:
        """Use a bucket that exists.

        Args:
            address: s3://bucket/prefix.
            endpoint: Of a server that is not Amazon's.
            scratch: Folder of this machine for what is on its way.
        """
        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        self._bucket, self._prefix = bucket, f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._endpoint, self._scratch = endpoint, scratch
        self._made: Any = None
        self.where = f"s3://{bucket}/{self._prefix}".rstrip("/")

    def put(self, stream: BinaryIO, *, limit: int) -> Stored:
        """Keep a stream to its end, as the interface says."""
        with self._draft() as draft:
            try:
                stored = write_pieces(stream, draft, limit=limit)
                draft.flush()
            except OSError as error:
                raise _no_room(error, self._scratch) from error
            draft.seek(0)
            with self._said():
                self._bring(draft, stored)
        return stored

    def open(self, path: str) -> BinaryIO:
        """Open an object; it comes as it is read."""
        with self._said(path):
            body = self._s3().get_object(Bucket=self._bucket, Key=self._key(path), ChecksumMode="ENABLED")["Body"]
        return cast(BinaryIO, io.BufferedReader(_Body(body, self), PIECE_BYTES))

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        """Fetch an object to this machine; its copy goes with the end of the `with`."""
        with self.open(path) as stream, self._draft() as draft:
            try:
                write_pieces(stream, draft, limit=1 << 62)
                draft.flush()
            except OSError as error:
                raise _no_room(error, self._scratch) from error
            yield Path(draft.name)

    def has(self, path: str) -> bool:
        """Say whether there is an object at this path."""
        if not is_path(path):
            return False
        try:
            with self._said():
                self._s3().head_object(Bucket=self._bucket, Key=self._key(path))
        except KeyError:
            return False
        return True

    def delete(self, path: str) -> None:
        """Remove an object."""
        if is_path(path):
            with self._said():
                self._s3().delete_object(Bucket=self._bucket, Key=self._key(path))

    def walk(self) -> Iterator[StoredObject]:
        """Yield every object."""
        pages = self._s3().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        with self._said():
            for page in pages:
                for found in page.get("Contents", []):
                    path = found["Key"].removeprefix(self._prefix)
                    if is_path(path):
                        yield StoredObject(path, found["Size"], found["LastModified"])

    def drafts(self, *, before: datetime) -> Iterator[tuple[str, Callable[[], None]]]:
        """Yield uploads in parts that were begun before an instant and never ended, and copies left on this machine."""
        with self._said():
            found = self._s3().list_multipart_uploads(Bucket=self._bucket, Prefix=self._prefix).get("Uploads", [])
        for upload in found:
            if upload["Initiated"] < before:
                yield upload["Key"], partial(self._abort, upload["Key"], upload["UploadId"])
        for left in self._scratch.glob("file-*.draft"):
            if left.stat().st_mtime < before.timestamp():
                yield left.name, partial(left.unlink, missing_ok=True)

    def _bring(self, draft: BinaryIO, stored: Stored) -> None:
        """Bring the bytes with their checksum: S3 refuses what was changed on its way."""
        key = self._key(stored.path)
        if stored.size <= PART_BYTES:
            checksum = base64.b64encode(bytes.fromhex(stored.sha256)).decode()
            self._s3().put_object(Bucket=self._bucket, Key=key, Body=draft, ChecksumSHA256=checksum)
            return
        from boto3.s3.transfer import TransferConfig  # type: ignore[import-untyped]

        in_parts = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=2)
        self._s3().upload_fileobj(draft, self._bucket, key, ExtraArgs={"ChecksumAlgorithm": "SHA256"}, Config=in_parts)

    def _abort(self, key: str, upload_id: str) -> None:
        with self._said():
            self._s3().abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)

    @contextmanager
    def _draft(self) -> Iterator[Any]:
        """Open a private file that goes with its `with`."""
        try:
            self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = tempfile.NamedTemporaryFile(dir=self._scratch, prefix="file-", suffix=".draft")  # noqa: SIM115
        except OSError as error:
            raise _no_room(error, self._scratch) from error
        with draft:
            yield draft

    def _key(self, path: str) -> str:
        if not is_path(path):
            raise absent(path, self.where)
        return self._prefix + path

    def _s3(self) -> Any:
        if self._made is None:
            import boto3  # type: ignore[import-untyped]
            from botocore.config import Config  # type: ignore[import-untyped]

            session = boto3.Session()
            if (keys := session.get_credentials()) is not None:
                frozen = keys.get_frozen_credentials()
                remember(*(text for text in (frozen.secret_key, frozen.token) if text))
            limits = Config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 3})
            self._made = session.client("s3", endpoint_url=self._endpoint, config=limits)
        return self._made

    @contextmanager
    def _said(self, path: str | None = None) -> Iterator[None]:
        """Say what S3 refuses by its code only: its messages may repeat addresses and keys.

        Raises:
            NotFound: there is no object at `path`; where none was named, KeyError.
        """
        try:
            yield
        except ClientError as error:
            code = str(error.response["Error"]["Code"])
            if code in _ABSENT:
                raise (absent(path, self.where) if path else KeyError(code)) from None
            if code in _REFUSED:
                raise NotPermitted(
                    f"{self.where} refuses us ({code}).",
                    kept="what lies there.",
                    todo="check the keys and their rights.",
                ) from None
            raise _away(self.where, code) from None
        except BotoCoreError as error:
            raise _away(self.where, type(error).__name__) from None


class _Body(io.RawIOBase):
    """The body of an answer as a file that is read once."""

    def __init__(self, body: Any, store: BucketStore) -> None:
        self._body, self._store = body, store

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        try:
            piece = self._body.read(len(target))
        except (BotoCoreError, OSError) as error:
            raise _away(self._store.where, type(error).__name__) from None
        target[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._body.close()
        super().close()


def _no_room(error: OSError, folder: Path) -> Exception:
    if error.errno not in _FULL:
        return _away(str(folder), os.strerror(error.errno) if error.errno else type(error).__name__)
    return DiskFull(
        f"there is no room for this file in {folder}.",
        kept="every file that was uploaded before; nothing of this one.",
        todo="free some space, then upload it again.",
    )


def _away(where: str, why: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"the place of files {where} does not answer ({why}).",
        kept="every file that was uploaded before.",
        todo="try again; `procura doctor` says more.",
    )
