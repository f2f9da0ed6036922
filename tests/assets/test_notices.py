import dagster as dg
import pytest

from assets.notices import due_notices, send_notices
from tests.factories_notifications import new_notice
from tests.factories_people import new_person
from warehouse import settings as settings_module
from warehouse.clock import now
from warehouse.domain.notification import Channel
from warehouse.ledger import notification_sendings
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings


def look(instance: dg.DagsterInstance) -> dg.SensorResult | list[object]:
    found = due_notices(dg.build_sensor_context(instance=instance))
    return list(found)  # type: ignore[call-overload, no-any-return]


def test_a_run_is_asked_for_where_something_is_to_be_sent_and_only_there(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROCURA_OFFLINE", "0")
    settings_module.current.cache_clear()
    with dg.DagsterInstance.ephemeral() as instance:
        (skipped,) = look(instance)
        assert isinstance(skipped, dg.SkipReason)
        new_notice(new_person())
        with open_ledger().housekeeping() as tx:
            notification_sendings.plan_sendings(tx, [Channel.EMAIL], at=now())
        (asked,) = look(instance)
        assert isinstance(asked, dg.RunRequest)


def test_the_run_ends_well_where_no_mail_server_is_set(home: Settings) -> None:
    result = send_notices.execute_in_process()
    assert result.success
    assert result.output_for_node("send_messages")["sent"] == 0
