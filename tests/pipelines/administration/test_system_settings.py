import pytest

from pipelines.administration.system_settings import (
    SETTINGS,
    NumberSetting,
    SystemSetting,
    list_settings,
    set_setting,
)
from tests.factories_people import new_person
from warehouse.domain.access import Department, Person, Role
from warehouse.domain.autonomy import AutonomyMode
from warehouse.errors import BadInput, NotPermitted
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings


@pytest.fixture(scope="module")
def admin(home: Settings) -> Person:
    return new_person(Role.ADMIN)


def value_of(key: str, by: Person) -> str:
    return {setting.key: value for setting, value in list_settings(open_ledger(), by=by)}[key]


def records() -> list[str]:
    with open_ledger().read() as tx:
        rows = tx.rows(
            "select convert_from(body, 'UTF8') as body from audit_logs where action = 'setting:set' order by seq"
        )
    return [row["body"] for row in rows]


def test_a_setting_is_set_and_the_log_says_what_it_was(admin: Person) -> None:
    assert value_of("autonomy_mode", admin) == "manual"
    assert set_setting(open_ledger(), "autonomy_mode", "supervised", by=admin)
    assert value_of("autonomy_mode", admin) == "supervised"
    assert '"now":"supervised"' in records()[-1]
    assert '"was":"manual"' in records()[-1]
    assert admin.id in records()[-1]


def test_setting_what_is_set_leaves_no_record(admin: Person) -> None:
    set_setting(open_ledger(), "llm_provider", "anthropic", by=admin)
    before = len(records())
    assert not set_setting(open_ledger(), "llm_provider", "anthropic", by=admin)
    assert len(records()) == before


def test_a_setting_that_was_never_stored_has_its_default_and_can_be_set(admin: Person) -> None:
    with open_ledger().read(admin) as tx:
        assert {row["key"] for row in tx.rows("select key from system_settings")} <= {s.key for s in SETTINGS}
    assert value_of("require_second_factor", admin) == "off"
    assert set_setting(open_ledger(), "require_second_factor", "on", by=admin)
    assert set_setting(open_ledger(), "require_second_factor", "off", by=admin)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("autonomy_mode", "wild"),
        ("autonomy_mode", "MANUAL"),
        ("autonomy_mode", ""),
        ("llm_provider", "manual"),
        ("autonomy_ceiling_usd", "much"),
        ("autonomy_ceiling_usd", "-1"),
        ("autonomy_ceiling_usd", "1.5"),
        ("autonomy_ceiling_usd", "1000000001"),
        ("autonomy_ceiling_usd", "٣"),
        ("owner", "me"),
    ],
)
def test_unknown_keys_and_values_are_refused_and_nothing_changes(admin: Person, key: str, value: str) -> None:
    before = list_settings(open_ledger(), by=admin)
    with pytest.raises(BadInput) as caught:
        set_setting(open_ledger(), key, value, by=admin)
    assert "take " in caught.value.todo
    assert list_settings(open_ledger(), by=admin) == before


def test_an_auditor_looks_and_does_not_change(home: Settings) -> None:
    auditor = new_person(Role.VIEWER, Department.AUDIT)
    assert len(list_settings(open_ledger(), by=auditor)) == len(SETTINGS)
    with pytest.raises(NotPermitted):
        set_setting(open_ledger(), "autonomy_mode", "manual", by=auditor)


def test_an_officer_does_not_even_look(home: Settings) -> None:
    with pytest.raises(NotPermitted):
        list_settings(open_ledger(), by=new_person(Role.CONTRACT_OFFICER))


@pytest.mark.parametrize(
    ("typed", "kept"), [("0", "0"), (" 1,250,000 ", "1250000"), ("007", "7"), ("1000000000", "1000000000")]
)
def test_a_number_is_kept_in_one_spelling(admin: Person, typed: str, kept: str) -> None:
    set_setting(open_ledger(), "autonomy_ceiling_usd", typed, by=admin)
    assert value_of("autonomy_ceiling_usd", admin) == kept


def test_each_value_says_what_it_means() -> None:
    for setting in SETTINGS:
        meanings = [setting.meaning] if isinstance(setting, NumberSetting) else setting.values.values()
        assert all(meaning.endswith(".") for meaning in meanings), setting.key
        assert setting.stored(setting.default) == setting.default


def test_modes_of_autonomy_are_those_of_the_table() -> None:
    [setting] = [s for s in SETTINGS if isinstance(s, SystemSetting) and s.key == "autonomy_mode"]
    assert list(setting.values) == [mode.value for mode in AutonomyMode]
