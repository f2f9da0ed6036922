"""The doctor's findings: each fault is seen on an example of it, and what can be mended safely is."""

import io
import socket
from collections.abc import Iterable

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pipelines.administration import operations
from pipelines.administration.operations import Finding, examine_home, examine_stores
from warehouse.addresses import superuser_conninfo
from warehouse.clock import now
from warehouse.landing import Landing
from warehouse.settings import Settings


def _find(findings: Iterable[Finding], subject: str) -> Finding:
    return next(finding for finding in findings if finding.subject == subject)


def test_healthy_home_has_no_fault(home: Settings) -> None:
    found = [*examine_home(home, is_up=False, at=now()), *examine_stores(home)]
    assert [finding for finding in found if not finding.is_good and finding.subject != "browser"] == []
    assert {"disk", "modes", "leftovers", "ledger", "migrations", "lake", "landing"} <= {f.subject for f in found}


def test_wide_modes_are_seen_and_taken_back(home: Settings) -> None:
    (home.secrets / "database.json").chmod(0o644)
    home.resolved_home.chmod(0o755)
    finding = _find(examine_home(home, is_up=False, at=now()), "modes")
    assert not finding.is_good
    assert "database.json" in finding.what
    assert finding.mend is not None
    finding.mend()
    assert _find(examine_home(home, is_up=False, at=now()), "modes").is_good
    assert home.resolved_home.stat().st_mode & 0o777 == 0o700


def test_half_written_files_are_seen_and_removed(home: Settings) -> None:
    half = home.run / "up.json.new"
    half.touch()
    finding = _find(examine_home(home, is_up=False, at=now()), "leftovers")
    assert not finding.is_good
    assert finding.mend is not None
    finding.mend()
    assert not half.exists()


def test_full_disk_is_seen(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "FREE_BYTES_WANTED", 2**62)
    assert not _find(examine_home(home, is_up=False, at=now()), "disk").is_good


def test_taken_port_is_seen_unless_up_itself_has_it(home: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        settings = home.model_copy(update={"app_port": taken.getsockname()[1]})
        assert not _find(examine_home(settings, is_up=False, at=now()), "PROCURA_APP_PORT").is_good
        assert _find(examine_home(settings, is_up=True, at=now()), "PROCURA_APP_PORT").is_good


def test_damaged_landing_is_seen_and_named(home: Settings) -> None:
    landing = Landing(home.landing)
    entry, _ = landing.add("sam_gov", io.BytesIO(b"a,b\n1,2\n"), feed="bulk_csv", origin="day.csv", fetched_at=now())
    assert _find(examine_stores(home), "landing").is_good
    path = next(home.landing.rglob(f"{entry.sha256}.zst"))
    path.write_bytes(path.read_bytes()[:-6])
    finding = _find(examine_stores(home), "landing")
    assert not finding.is_good
    assert "day.csv" in finding.what
    path.unlink()
    path.with_suffix(".json").unlink()


def test_older_shape_of_the_ledger_is_seen(home: Settings) -> None:
    with psycopg.connect(make_conninfo("", **superuser_conninfo(home)), autocommit=True) as connection:
        row = connection.execute("select version_num from alembic_version").fetchone()
        assert row is not None
        connection.execute("update alembic_version set version_num = '0000'")
        try:
            assert not _find(examine_stores(home), "migrations").is_good
        finally:
            connection.execute("update alembic_version set version_num = %s", row)


def test_store_that_does_not_answer_is_a_finding_and_no_crash(home: Settings) -> None:
    lost = replace_home(home)
    assert not _find(examine_stores(lost), "ledger").is_good


def replace_home(settings: Settings) -> Settings:
    """Return settings that name a server which is not there."""
    return settings.model_copy(update={"home": settings.home / "nowhere"})
