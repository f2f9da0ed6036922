"""Dagster's store of a home: what is made before any run asks for it."""

import pytest
from sqlalchemy.exc import InternalError

from assets.deliveries import AT_ONCE, POOL
from assets.instance import open_instance
from warehouse.settings import Settings

pytestmark = pytest.mark.thorough


def test_every_pool_is_there_before_a_step_asks_for_it(home: Settings) -> None:
    with open_instance(home) as instance:
        limits = {pool.name: pool.limit for pool in instance.event_log_storage.get_pool_limits()}
    assert {"core_notices", "ledger_assessments", "landing_usaspending", "marts_incumbents"} <= set(limits)
    assert {name: limit for name, limit in limits.items() if limit != 1} == {POOL: AT_ONCE}


def test_what_an_operator_has_set_stands(home: Settings) -> None:
    with open_instance(home) as instance:
        instance.event_log_storage.set_concurrency_slots("core_articles", 2)
    with open_instance(home) as instance:
        limits = {pool.name: pool.limit for pool in instance.event_log_storage.get_pool_limits()}
    assert limits["core_articles"] == 2


def test_two_runs_that_make_one_pool_at_once_would_break_each_other(home: Settings) -> None:
    """Why they are made beforehand; once this fails, Dagster has mended it and `_make_pools` may go."""
    with open_instance(home) as instance:
        assert instance.event_log_storage.initialize_concurrency_limit_to_default("unknown so far")
        with pytest.raises(InternalError, match="current transaction is aborted"):
            instance.event_log_storage.initialize_concurrency_limit_to_default("unknown so far")
