"""What a key of GovCon API may do: plan, requests and page size as its own `/me` tells them, kept for a day.

The shape of `/me` is documented nowhere that we know of, so limits are looked for by the names that such answers use, at any
depth; what is not told is taken as the smallest plan's. Not here: asking for notices (connectors/govcon.py).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from warehouse.ledger.source_budgets import Quota
from warehouse.whole_file import write_whole

ASKED_AGAIN_AFTER = timedelta(hours=20)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGE_NAMES = ("max_page_size", "max_limit", "max_results_per_page", "results_per_page", "page_limit", "page_size")
HOUR_NAMES = ("requests_per_hour", "hourly_limit", "rate_limit_per_hour", "per_hour", "rate_limit")
DAY_NAMES = ("requests_per_day", "daily_limit", "rate_limit_per_day", "per_day")
NAMES = ("plan", "tier", "plan_name", "name")
FREE = ("free", "trial")
MOST_RECORDS = 1_000
"""No plan gives longer pages."""


@dataclass(frozen=True)
class Plan:
    """What may be asked.

    Attributes:
        name: The plan in GovCon API's own word; empty where it tells none.
        requests: So many in a period.
        period_seconds: An hour or a day.
        page_records: The most records of a page.
        is_paid: Whether filters by day, and the delta, belong to it.
        has_delta: Whether the delta may be asked for; it may turn out that it may not.
    """

    name: str = ""
    requests: int = 25
    period_seconds: int = int(DAY.total_seconds())
    page_records: int = 50
    is_paid: bool = False
    has_delta: bool = False

    @property
    def quota(self) -> Quota:
        """The requests as the ledger counts them."""
        return Quota(self.requests, timedelta(seconds=self.period_seconds))


FIRST_QUESTION = Quota(Plan().requests, HOUR)
"""Before a plan is known; counted by the hour, so that the request enters an hourly plan's count too."""


def read_plan(answer: Mapping[str, object]) -> Plan:
    """Read an answer of `/me`."""
    told = list(_told(answer))
    name = next((text for wanted in NAMES for key, text in told if key == wanted and isinstance(text, str)), "")
    is_paid = bool(name) and not any(word in name.lower() for word in FREE)
    per_day, per_hour = _number(told, DAY_NAMES), _number(told, HOUR_NAMES)
    requests, period = (per_day, DAY) if per_day else (per_hour, HOUR) if per_hour and is_paid else (per_hour, DAY)
    return Plan(
        name=name[:60],
        requests=requests or Plan().requests,
        period_seconds=int(period.total_seconds()),
        page_records=min(_number(told, PAGE_NAMES) or Plan().page_records, MOST_RECORDS),
        is_paid=is_paid,
        has_delta=is_paid and not any(key == "delta" and is_given is False for key, is_given in told),
    )


def kept_plan(folder: Path) -> tuple[Plan, datetime] | None:
    """Return the plan that was asked for last, and when; None: none was, or a change of version made it unreadable."""
    try:
        kept = json.loads((folder / ".plan.json").read_bytes())
        return Plan(**kept["plan"]), datetime.fromisoformat(kept["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_plan(folder: Path, plan: Plan, *, at: datetime) -> None:
    """Keep a plan: only what is needed of it, for `/me` tells of a person."""
    write_whole(folder / ".plan.json", json.dumps({"plan": asdict(plan), "at": at.isoformat()}).encode())


def forget_plan(folder: Path) -> None:
    """Let the plan be asked for again: it turned out to be another one."""
    (folder / ".plan.json").unlink(missing_ok=True)


def _told(answer: object, depth: int = 0) -> Iterator[tuple[str, object]]:
    """Yield every name with its plain value, outer ones first."""
    if not isinstance(answer, Mapping) or depth > 3:
        return
    for name, value in answer.items():
        if not isinstance(value, Mapping | list):
            yield str(name).lower(), value
    for value in answer.values():
        yield from _told(value, depth + 1)


def _number(told: list[tuple[str, object]], names: tuple[str, ...]) -> int | None:
    """Return the first positive number under one of the names, the most telling name first."""
    for wanted in names:
        for name, value in told:
            if name == wanted and isinstance(value, int) and not isinstance(value, bool) and value > 0:
                return value
    return None
