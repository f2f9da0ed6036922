from datetime import timedelta

from dagster import AssetCheckResult
from pydantic import SecretStr

from assets.checks.credentials_will_work_tomorrow import credentials_will_work_tomorrow
from assets.resources import Stores
from pipelines.administration.credentials import set_credential
from warehouse.clock import now
from warehouse.domain.credential import CredentialNeed
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings


def result() -> AssetCheckResult:
    found = credentials_will_work_tomorrow(stores=Stores())  # type: ignore[call-arg]
    assert isinstance(found, AssetCheckResult)
    return found


def test_a_key_that_ends_soon_is_found_and_its_connector_says_so(home: Settings) -> None:
    need = CredentialNeed("source", "api_key", "Source key", "")
    set_credential(open_ledger(), need, SecretStr("canary"), expires_at=now() + timedelta(days=60), at=now())
    assert result().passed
    set_credential(open_ledger(), need, SecretStr("canary"), expires_at=now() + timedelta(days=3), at=now())
    with open_ledger().read() as tx:
        row = tx.row("select status::text as status from connectors where name = 'source'")
    assert row == {"status": "warning"}
    found = result()
    assert not found.passed
    assert "source api_key expires on" in str(found.metadata)
