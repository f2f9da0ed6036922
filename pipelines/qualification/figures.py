"""The figures of the page Qualification: what waits, what was read, what it cost, and who disagrees; the right is asked here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.assessment import Spent
from warehouse.ledger.assessments import waiting
from warehouse.ledger.llm_batches import Batch, in_batches, unfinished
from warehouse.ledger.llm_calls import spent
from warehouse.ledger.store import Ledger, Row
from warehouse.ledger.system_settings import read_settings

DAYS = 14


@dataclass(frozen=True)
class Figures:
    """What the page shows.

    Attributes:
        settings: The settings whose keys begin with llm_.
        queue: Opportunities that the ranker passes on and no model was asked about in this version.
        batches: Batches of questions at vendors that are not concluded from, the oldest first.
        by_day: Day (UTC), outcome, count of the last DAYS days.
        by_model: Provider, model, purpose, calls, failed, input, cached, output tokens, cost and mean latency, this month.
        reused: Of this month's conclusions, how many cost nothing because the answer was there.
        concluded: This month's conclusions.
        disagreements: The newest fifty: opportunity, title, said, thinks, reason, who, at.
    """

    settings: Mapping[str, str]
    queue: int
    batches: list[Batch]
    spent: Spent
    by_day: list[Row]
    by_model: list[Row]
    reused: int
    concluded: int
    disagreements: list[Row]

    @property
    def vendor_cache_share(self) -> float | None:
        """Of the month's input tokens, the share that vendors read from their caches, 0 to 1; None without any."""
        read = sum(row["input"] for row in self.by_model)
        return float(sum(row["cached"] for row in self.by_model) / read) if read else None


def read_figures(ledger: Ledger, *, at: datetime, world_at: datetime, by: Person) -> Figures:
    """Return the page's figures.

    Args:
        at: Now: money and days.
        world_at: The instant at which opportunities are looked at.

    Raises:
        NotPermitted: `by` may not see them.
    """
    access.check(by, Action.READ_QUALIFICATION)
    with ledger.read(by) as tx:
        settings = {key: value for key, value in read_settings(tx).items() if key.startswith("llm_")}
        rows = waiting(tx, from_points=int(settings["llm_ask_from_points"]), at=world_at)
        asked = in_batches(tx)
        by_day = tx.rows(
            "select (at at time zone 'UTC')::date as day, outcome, count(*) as count from assessments where at >= %s"
            " group by 1, 2 order by 1, 2",
            [at - timedelta(days=DAYS)],
        )
        by_model = tx.rows(
            "select provider, model, purpose, count(*) as calls, count(*) filter (where state in ('failed', 'lost')) as failed,"
            " coalesce(sum(input_tokens), 0)::bigint as input, coalesce(sum(cached_tokens), 0)::bigint as cached,"
            " coalesce(sum(output_tokens), 0)::bigint as output, sum(coalesce(cost_usd, reserved_usd)) as cost_usd,"
            " avg(latency_ms) filter (where state = 'answered')::float as latency_ms from llm_calls"
            " where asked_at >= date_trunc('month', %s::timestamptz, 'UTC') group by 1, 2, 3 order by cost_usd desc, 1, 2, 3",
            [at],
        )
        reuse = tx.row(
            "select count(*) as concluded, count(*) filter (where cost_usd = 0) as reused from assessments"
            " where at >= date_trunc('month', %s::timestamptz, 'UTC')",
            [at],
        ) or {"concluded": 0, "reused": 0}
        disagreements = tx.rows(
            "select d.opportunity_id, o.title, d.said, d.thinks, d.reason, p.email as who, d.at from disagreements d"
            " join opportunities o on o.id = d.opportunity_id join profiles p on p.id = d.by_id order by d.at desc limit 50"
        )
        queue = sum(not row.known and row.id not in asked for row in rows)
        return Figures(
            settings, queue, unfinished(tx), spent(tx, at=at), by_day, by_model, reuse["reused"], reuse["concluded"],
            disagreements,
        )  # fmt: skip


def cost_per_qualified(ledger: Ledger, *, at: datetime, by: Person) -> tuple[Decimal, Decimal | None]:
    """Return this month's money for models, and all money so far divided by the opportunities that people qualified.

    Raises:
        NotPermitted: `by` may not see it.
    """
    access.check(by, Action.READ_QUALIFICATION)
    with ledger.read(by) as tx:
        row = tx.row(
            "select (select coalesce(sum(coalesce(cost_usd, reserved_usd)), 0) from llm_calls) as whole,"
            " (select count(*) from opportunities where status in ('qualified', 'submitted')) as qualified"
        )
        month = spent(tx, at=at).month
    if row is None or not row["qualified"] or not row["whole"]:
        return month, None
    return month, Decimal(row["whole"]) / row["qualified"]
