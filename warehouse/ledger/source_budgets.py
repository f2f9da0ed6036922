"""How often a source may still be asked, counted once for all processes; and until when it is left alone.

A request is counted before it is sent: one that a kill cut off counts too, for the source has counted it. Not here: what a
source allows (its connector), asking it (pipelines/discovery/polite.py).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from warehouse.ledger.store import Ledger, Transaction

_TAKE = """
insert into source_budgets as b (source, period_began, period_seconds, allowed, spent, spent_ever)
values (%(source)s, %(began)s, %(seconds)s, %(allowed)s, 1, 1)
on conflict (source) do update set
  period_began = greatest(b.period_began, excluded.period_began),
  spent = case when b.period_began < excluded.period_began then 1 else b.spent + 1 end,
  spent_ever = b.spent_ever + 1, period_seconds = excluded.period_seconds, allowed = excluded.allowed,
  closed_until = null, closed_because = ''
where (b.closed_until is null or b.closed_until <= %(at)s)
  and (b.period_began < excluded.period_began or b.spent < excluded.allowed)
returning spent
"""


@dataclass(frozen=True)
class Quota:
    """How many requests a source allows in a period; periods follow each other from midnight UTC, they do not roll."""

    requests: int
    period: timedelta

    def began(self, at: datetime) -> datetime:
        """Return when the period of an instant began."""
        day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return day + (at - day) // self.period * self.period


@dataclass(frozen=True)
class Budget:
    """What is known of a source's requests.

    Attributes:
        spent_ever: Requests since the first one; two readings tell what lay between them.
        faults: Broken answers in a row.
        closed_until: It is not asked before this; None: it may be asked.
        closed_because: `quota` or `broken`; empty while it is open.
    """

    source: str
    period_began: datetime
    period_seconds: int
    allowed: int
    spent: int
    spent_ever: int
    faults: int
    closed_until: datetime | None
    closed_because: str

    def left(self, at: datetime) -> int:
        """Count the requests that the period of an instant still allows."""
        return self.allowed if self.ends <= at else self.allowed - self.spent

    @property
    def ends(self) -> datetime:
        """When the counted period ends."""
        return self.period_began + timedelta(seconds=self.period_seconds)


def take_request(ledger: Ledger, source: str, quota: Quota, *, at: datetime) -> bool:
    """Count one request to come, if the source may be asked at `at`; however many ask at once, never one too many."""
    values = {
        "source": source, "began": quota.began(at), "seconds": int(quota.period.total_seconds()),
        "allowed": quota.requests, "at": at,
    }  # fmt: skip
    with ledger.housekeeping() as tx:
        # A smaller quota than before (another key) would break the row's own rule.
        tx.execute(
            "update source_budgets set spent = least(spent, %(allowed)s), allowed = %(allowed)s"
            " where source = %(source)s and allowed <> %(allowed)s",
            values,
        )
        return tx.row(_TAKE, values) is not None


def close_source(ledger: Ledger, source: str, *, until: datetime, because: str) -> None:
    """Leave a source alone until an instant; a later one stands."""
    with ledger.housekeeping() as tx:
        tx.execute(
            "update source_budgets set closed_because = %(because)s, closed_until = greatest(closed_until, %(until)s)"
            " where source = %(source)s",
            {"source": source, "until": until, "because": because},
        )


def note_answer(ledger: Ledger, source: str, *, is_good: bool) -> int:
    """Count broken answers in a row; return how many there are now."""
    with ledger.housekeeping() as tx:
        row = tx.row(
            "update source_budgets set faults = case when %(good)s then 0 else faults + 1 end where source = %(source)s"
            " returning faults",
            {"source": source, "good": is_good},
        )
    return int(row["faults"]) if row else 0


def budget_of(tx: Transaction, source: str) -> Budget | None:
    """Return what is known of a source's requests; None where it was never asked so."""
    return next((budget for budget in list_budgets(tx) if budget.source == source), None)


def list_budgets(tx: Transaction) -> list[Budget]:
    """Return what is known of every source that counts."""
    rows = tx.rows(
        "select source, period_began, period_seconds, allowed, spent, spent_ever, faults, closed_until, closed_because"
        " from source_budgets order by source"
    )
    return [Budget(**row) for row in rows]
