"""A batch is looked at by a run of its own, in time, one run at a time, and none where none is out."""

from datetime import timedelta

import dagster as dg
import pytest

from assets.batches import due_batches, read_batches
from assets.definitions import defs
from pipelines.qualification.bulk_read import LOOK_OFTEN, LOOK_SELDOM, is_look_due
from tests.factories_assessments import put_into_batch
from warehouse.clock import now
from warehouse.ledger.llm_batches import note_look, unfinished
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough


def look(instance: dg.DagsterInstance) -> dg.SensorResult | list[object]:
    found = due_batches(dg.build_sensor_context(instance=instance))
    return list(found)  # type: ignore[call-overload, no-any-return]


def test_a_run_is_asked_for_where_a_batch_is_due_and_only_there(home: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        (skipped,) = look(instance)
        assert isinstance(skipped, dg.SkipReason)
        batch_id = put_into_batch(["o00000001", "o00000002"], at=now() - timedelta(hours=2))
        (asked,) = look(instance)
        assert isinstance(asked, dg.RunRequest)
        with open_ledger("procura_pipeline").housekeeping() as tx:
            note_look(tx, batch_id, "", at=now())
        (skipped,) = look(instance)
        assert isinstance(skipped, dg.SkipReason)


def test_the_longer_a_batch_takes_the_more_seldom_it_is_looked_at(home: Settings) -> None:
    put_into_batch(["o00000003"], at=now())
    with open_ledger().read() as tx:
        batch = unfinished(tx)[-1]
    assert not is_look_due(batch, batch.made_at + LOOK_OFTEN - timedelta(seconds=1))
    assert is_look_due(batch, batch.made_at + LOOK_OFTEN)
    with open_ledger("procura_pipeline").housekeeping() as tx:
        note_look(tx, batch.id, "", at=batch.made_at + timedelta(hours=12))
    with open_ledger().read() as tx:
        batch = unfinished(tx)[-1]
    assert not is_look_due(batch, batch.made_at + timedelta(hours=12) + LOOK_SELDOM - timedelta(seconds=1))
    assert is_look_due(batch, batch.made_at + timedelta(hours=12) + LOOK_SELDOM)


def test_the_run_ends_well_where_nobody_has_a_key(home: Settings) -> None:
    result = defs.resolve_job_def(read_batches.name).execute_in_process()
    assert result.success
    assert result.output_for_node("read_answers")["asked"] == 0
