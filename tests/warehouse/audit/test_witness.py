"""Bucket and mailbox as second places, against servers on this machine."""

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message

import boto3
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from pipelines.administration.audit_log import sign_log
from warehouse.audit.note import check_signature, read_note
from warehouse.audit.signer import signer
from warehouse.audit.witness import faults, read_places
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough

AT = datetime(2026, 4, 10, tzinfo=UTC)


def deed() -> None:
    with open_ledger().deed(AuditEvent("a:b", "c", "system")):
        pass


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3 server of this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_REGION", "us-east-1")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield f"http://{host}:{port}"
    server.stop()


@pytest.mark.parametrize("has_lock", [True, False])
def test_checkpoints_reach_a_bucket_once_and_are_held_there(home: Settings, endpoint: str, has_lock: bool) -> None:
    client = boto3.client("s3", endpoint_url=endpoint)
    bucket = f"witness-{str(has_lock).lower()}"
    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=has_lock)
    told = home.model_copy(update={"audit_witness_s3": f"s3://{bucket}/firm/", "audit_witness_s3_endpoint": endpoint})
    deed()
    newest = sign_log(open_ledger(), told, at=AT)
    sign_log(open_ledger(), told, at=AT)
    assert newest is not None
    assert faults(told) == []
    key = f"firm/{signer(home).origin.replace('/', '-')}/{newest.size:012d}.note"
    found = client.get_object(Bucket=bucket, Key=key)
    assert found["Body"].read().decode() == newest.note
    assert found.get("ObjectLockMode") == ("COMPLIANCE" if has_lock else None)
    versions = client.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    assert len(versions) == 1, "the same checkpoint is not written again"


def test_a_bucket_that_does_not_answer_stops_no_work_and_is_caught_up(home: Settings, endpoint: str) -> None:
    client = boto3.client("s3", endpoint_url=endpoint)
    told = home.model_copy(update={"audit_witness_s3": "s3://late-bucket/x", "audit_witness_s3_endpoint": endpoint})
    deed()
    first = sign_log(open_ledger(), told, at=AT)
    assert first is not None
    assert ["NoSuchBucket" in words and "late-bucket" in words for words in faults(told)] == [True]
    client.create_bucket(Bucket="late-bucket")
    sign_log(open_ledger(), told, at=AT + timedelta(seconds=5))
    assert faults(told), "a place that failed is left alone for half a minute"
    deed()
    second = sign_log(open_ledger(), told, at=AT + timedelta(minutes=1))
    assert second is not None
    assert faults(told) == []
    names = {item["Key"][-17:] for item in client.list_objects_v2(Bucket="late-bucket")["Contents"]}
    assert {f"{first.size:012d}.note", f"{second.size:012d}.note"} <= names
    assert "secret" not in repr(read_places(told))


class Mailbox(MessageHandler):
    """Keeps what comes."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[Message] = []
        self.arrived = threading.Event()

    def handle_message(self, message: Message) -> None:
        self.got.append(message)
        self.arrived.set()


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box, port
    server.stop()


def test_a_mailbox_gets_the_newest_checkpoint_once_an_hour(home: Settings, mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    told = home.model_copy(
        update={"audit_witness_email": "auditor@firm.example", "smtp_url": SecretStr(f"smtp://127.0.0.1:{port}")}
    )
    sizes = []
    for minutes in (0, 10, 61):
        deed()
        newest = sign_log(open_ledger(), told, at=AT + timedelta(minutes=minutes))
        assert newest is not None
        sizes.append(newest.size)
    assert faults(told) == []
    texts = [str(message.get_payload(decode=True), "utf-8") for message in box.got]  # type: ignore[call-overload]
    notes = [text.replace("\r\n", "\n").split("\nKeep this mail")[0] for text in texts]
    assert [read_note(note).size for note in notes] == [sizes[0], sizes[2]]
    check_signature(notes[0], signer(home).verifier)


def test_a_mail_server_that_is_away_is_told_without_its_password(home: Settings) -> None:
    told = home.model_copy(
        update={"audit_witness_email": "auditor@firm.example", "smtp_url": SecretStr("smtp://me:hushhush@127.0.0.1:1")}
    )
    deed()
    sign_log(open_ledger(), told, at=AT + timedelta(days=1))
    assert len(faults(told)) == 1
    assert "hushhush" not in "".join(faults(told))
