"""Neither what a file says nor the keys of its place are written to any log, at the loudest level, with failures."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from tests.secrets_scanner import Canary, scan_bytes, scan_home
from warehouse.settings import ROOT, Settings

pytestmark = pytest.mark.thorough
CONTENT, SECRET, KEY_ID = "our price is zebrafinch 4711", "wJalrXUtnFEMIzK7MDENGbPxRfiCYzzzz", "AKIAIOSFODNN7EXAMPLE"
UPLOADS = """
import io, logging, os, sys
from warehouse import logs
logs.start("uploads")
from pipelines.submission.files import upload_file
from pipelines.submission.download_links import link_to
from pipelines.submission.previews import preview_of
from warehouse import settings
from warehouse.clock import now
from warehouse.domain.access import Department, Person, Role
from warehouse.errors import ProcuraError
from warehouse.ledger.store import open_ledger
by = Person(sys.argv[1], sys.argv[2], Role.CONTRACT_OFFICER, Department.CONTRACTS)
content = sys.stdin.read().encode()
for kind in ("volume.txt", "other.pdf"):
    try:
        data = content * 3 if kind == "volume.txt" else b"%PDF-1.7 " + content + b" /JavaScript"
        kept = upload_file(open_ledger(), sys.argv[3], io.BytesIO(data), kind, at=now(), by=by)
        print(kept.scan_status)
        logging.getLogger("procura.test").warning("kept %r", kept)
        print(link_to(settings.current(), kept.id, at=now(), by=by)[:7])
        preview_of(open_ledger(), kept.id, by=by)
    except ProcuraError as error:
        logging.getLogger("procura.test").error("refused", exc_info=error)
logging.getLogger("botocore").error("a fault that repeats %s", os.environ["AWS_SECRET_ACCESS_KEY"])
"""


@pytest.fixture
def bucket() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("PROCURA_FILES_S3_ENDPOINT", f"http://{host}:{port}")
        patch.setenv("PROCURA_LOG_LEVEL", "DEBUG")
        boto3.client("s3", endpoint_url=f"http://{host}:{port}").create_bucket(Bucket="silent")
        yield "silent"
    server.stop()


@pytest.mark.parametrize("exists", [True, False])
def test_contents_and_keys_are_in_no_log(
    home: Settings, bucket: str, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    monkeypatch.setenv("PROCURA_FILES_URL", f"s3://{bucket if exists else 'absent-bucket'}/firm")
    owner = new_person()
    submission_id = new_submission(owner)
    done = subprocess.run(
        [sys.executable, "-c", UPLOADS, owner.id, owner.email, submission_id],
        input=CONTENT, capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("clean\n/files/") is exists
    canaries = [Canary("what a file says", CONTENT), Canary("the secret key", SECRET)]
    assert scan_home(home.logs, canaries) == []
    assert scan_bytes((done.stderr + done.stdout).encode(), canaries, Path("what was printed")) == []
    assert (home.logs / "uploads.jsonl").stat().st_size > 0
