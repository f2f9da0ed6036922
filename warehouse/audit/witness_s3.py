"""A bucket as the second place: each note and its leaf hashes as objects that are never overwritten.

With object lock (compliance mode) where the bucket has it: not even the account's owner removes them for seven years.
"""

from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

from warehouse.audit.witness import leaves_text
from warehouse.errors import AuditBroken, SourceUnavailable
from warehouse.settings import Settings

KEPT = timedelta(days=7 * 366)
NO_LOCK = {"ObjectLockConfigurationNotFoundError", "NotImplemented", "MethodNotAllowed", "AccessDenied"}


class BucketWitness:
    """`s3://bucket/prefix/<origin>/<size>.note` and `.leaves`."""

    wants_all = True

    def __init__(self, settings: Settings, origin: str) -> None:
        self.name = "bucket"
        bucket, _, prefix = settings.audit_witness_s3.removeprefix("s3://").partition("/")
        self.bucket, self.prefix = bucket, "/".join(p for p in (prefix.strip("/"), origin.replace("/", "-")) if p)
        self.where = f"s3://{self.bucket}/{self.prefix}"
        self._endpoint = settings.audit_witness_s3_endpoint or None
        self._client: Any = None
        self._has_lock: bool | None = None

    def put(self, size: int, note: str, leaves: bytes, at: datetime) -> None:
        """Keep one checkpoint.

        Raises:
            SourceUnavailable: the bucket does not answer or refuses.
            AuditBroken: another checkpoint of that size is there already.
        """
        try:
            self._put(f"{self.prefix}/{size:012d}.leaves", leaves_text(leaves), at)
            self._put(f"{self.prefix}/{size:012d}.note", note, at)
        except (BotoCoreError, ClientError) as error:
            raise SourceUnavailable(f"{self.where} refuses or does not answer ({_reason(error)}).") from None

    def is_due(self, at: datetime) -> bool:
        """Say so: a bucket is always."""
        return True

    def _put(self, key: str, text: str, at: datetime) -> None:
        lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": at + KEPT} if self._is_locked() else {}
        try:
            self._s3().put_object(
                Bucket=self.bucket, Key=key, Body=text.encode(), ContentType="text/plain", IfNoneMatch="*", **lock
            )
        except ClientError as error:
            if _reason(error) != "PreconditionFailed":
                raise
            # Brought before, by a process that was cut off: it must be the same.
            there = self._s3().get_object(Bucket=self.bucket, Key=key)["Body"].read()
            if there != text.encode():
                raise AuditBroken(
                    f"s3://{self.bucket}/{key} holds another checkpoint.", todo="run `procura audit verify`."
                ) from None

    def _is_locked(self) -> bool:
        if self._has_lock is None:
            try:
                found = self._s3().get_object_lock_configuration(Bucket=self.bucket)
                self._has_lock = found["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled"
            except ClientError as error:
                if _reason(error) not in NO_LOCK:
                    raise
                self._has_lock = False
        return self._has_lock

    def _s3(self) -> Any:
        if self._client is None:
            import boto3  # type: ignore[import-untyped]
            from botocore.config import Config  # type: ignore[import-untyped]

            limits = Config(connect_timeout=5, read_timeout=10, retries={"max_attempts": 2})
            self._client = boto3.client("s3", endpoint_url=self._endpoint, config=limits)
        return self._client


def _reason(error: Exception) -> str:
    """Name a fault by its code: a message may repeat addresses and keys."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
