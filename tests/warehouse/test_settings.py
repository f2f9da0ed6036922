from datetime import UTC, datetime
from pathlib import Path

import pytest

from warehouse import settings
from warehouse.errors import BadInput


@pytest.fixture(autouse=True)
def _fresh() -> object:
    settings.current.cache_clear()
    yield
    settings.current.cache_clear()


def test_a_date_as_of_means_midnight_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCURA_AS_OF", "2026-04-10")
    assert settings.current().as_of == datetime(2026, 4, 10, tzinfo=UTC)


def test_an_instant_as_of_keeps_its_zone_and_a_naive_one_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCURA_AS_OF", "2026-04-10T12:00:00-04:00")
    assert settings.current().as_of == datetime(2026, 4, 10, 16, tzinfo=UTC)
    settings.current.cache_clear()
    monkeypatch.setenv("PROCURA_AS_OF", "2026-04-10T12:00:00")
    assert settings.current().as_of == datetime(2026, 4, 10, 12, tzinfo=UTC)


def test_every_fault_is_named_at_once_and_no_value_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCURA_AS_OF", "tomorrow")
    monkeypatch.setenv("PROCURA_APP_PORT", "99999")
    monkeypatch.setenv("PROCURA_DAGSTER_PORT", "hunter2-secret")
    with pytest.raises(BadInput) as caught:
        settings.current()
    message = str(caught.value)
    assert all(name in message for name in ("PROCURA_AS_OF", "PROCURA_APP_PORT", "PROCURA_DAGSTER_PORT"))
    assert "hunter2-secret" not in message


def test_secrets_do_not_show_in_a_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCURA_DATABASE_URL", "postgresql://me:canary-password@db/procura")
    monkeypatch.setenv("PROCURA_ADMIN_PASSWORD", "canary-password")
    assert "canary-password" not in repr(settings.current())


def test_a_home_reached_through_a_link_is_the_same_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setenv("PROCURA_HOME", str(tmp_path / "link"))
    assert settings.current().resolved_home == tmp_path / "real"
