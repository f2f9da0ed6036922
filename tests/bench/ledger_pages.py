"""(d) The use cases behind the list, the search and the detail page at 150,000 open rows, against their bare SQL."""

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from tests.bench.measure import Figure, percentile, seconds
from warehouse.addresses import superuser_conninfo
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.opportunities import list_opportunities, read_opportunity
from warehouse.ledger.opportunity_filter import OpportunityFilter, Sort
from warehouse.ledger.store import Ledger, Transaction, open_ledger
from warehouse.settings import Settings

ROWS = 150_000
CALLS = 40
AT = datetime(2026, 4, 10, tzinfo=UTC)
WORDS = [
    "services",
    "support",
    "maintenance",
    "software",
    "network",
    "valve",
    "bearing",
    "repair",
    "construction",
    "cyber",
    "medical",
    "analysis",
    "training",
]

SEED = """
insert into opportunities (id, source, external_ref, content_hash, solicitation_number, title, agency, sub_agency, office, notice_type,
  naics_code, psc_code, set_aside_code, place_state, posted_at, first_posted_at, due_date, due_raw, due_offset_minutes, due_precision,
  safe_deadline_at, description, url, notice_count, is_open, row_hash, fit_score, recommendation, fit_reasons)
select 'o' || n, 'sam_gov', 'notice' || n, 'h' || n, 'W91-' || n,
  initcap(w[1 + n %% 13] || ' ' || w[1 + n / 13 %% 13]) || ' lot ' || n,
  'DEPT OF ' || (n %% 23), 'SUB ' || (n %% 90), 'OFFICE ' || (n %% 900), 'Solicitation', (541000 + n %% 700)::text, 'R' || (n %% 500),
  (array[null, 'SBA', '8A'])[1 + n %% 3], 'VA', %(at)s, %(at)s, %(at)s + n %% 60 * interval '1 day' + interval '1 hour',
  'as stated', -240, 'instant', %(at)s + n %% 60 * interval '1 day',
  repeat('The contractor provides ' || w[1 + n %% 13] || ' and ' || w[1 + n %% 7] || ' item' || n %% 5000 || '. ', 15),
  'https://sam.gov/opp/' || n, 1, true, 'r' || n, n %% 101, 'watch', '[]'
from generate_series(1, %(rows)s) n, (select %(words)s::text[] as w) words
"""


class RecordingCursor(psycopg.Cursor[Any]):
    """Keeps each statement with its parameters, so that exactly the same SQL can be run bare."""

    statements: list[tuple[Any, Any]]

    def execute(self, query: Any, params: Any = None, **options: Any) -> "RecordingCursor":
        type(self).statements.append((query, params))
        super().execute(query, params, **options)
        return self


@contextmanager
def recorded(tx: Transaction) -> Iterator[list[tuple[Any, Any]]]:
    """Collect what a use case sends."""
    RecordingCursor.statements = []
    usual = tx.connection.cursor_factory
    tx.connection.cursor_factory = RecordingCursor
    try:
        yield RecordingCursor.statements
    finally:
        tx.connection.cursor_factory = usual


CASES: dict[str, Callable[[Transaction], object]] = {
    "list by fit, first page": lambda tx: list_opportunities(tx, OpportunityFilter(), at=AT),
    "list by deadline, tenth page": lambda tx: list_opportunities(
        tx, OpportunityFilter(sort=Sort.DUE), at=AT, offset=450
    ),
    "list of one agency and one NAICS group": lambda tx: list_opportunities(
        tx, OpportunityFilter(agencies=("DEPT OF 7",), naics=("5412",)), at=AT
    ),
    "search for a selective word": lambda tx: list_opportunities(tx, OpportunityFilter(text="item4711"), at=AT),
    "search for a word in every eighth row": lambda tx: list_opportunities(tx, OpportunityFilter(text="cyber"), at=AT),
    "search ranked by relevance": lambda tx: list_opportunities(
        tx, OpportunityFilter(text="cyber network", sort=Sort.RELEVANCE), at=AT
    ),
    "detail": lambda tx: read_opportunity(tx, "o4711"),
}


def measure(settings: Settings) -> Iterator[Figure]:
    """Seed the ledger of a fresh home and measure each case."""
    with open_ledger("procura_pipeline").deed(AuditEvent("bench:seeded", "opportunities", "system")) as deed:
        deed.execute(SEED, {"at": AT, "rows": ROWS, "words": WORDS})
    ledger = open_ledger("procura_app")
    with psycopg.connect(make_conninfo("", **superuser_conninfo(settings)), autocommit=True) as connection:
        connection.execute("vacuum analyze opportunities")
    for name, case in CASES.items():
        yield from _measure_case(ledger, name, case)


def _measure_case(ledger: Ledger, name: str, case: Callable[[Transaction], object]) -> Iterator[Figure]:
    with ledger.read() as tx, recorded(tx) as found:
        case(tx)
        statements = list(found)

    def ours() -> None:
        with ledger.read() as tx:
            case(tx)

    def bare() -> None:
        with ledger.read() as tx:
            for query, parameters in statements:
                cursor = tx.connection.execute(query, parameters)
                if cursor.description:
                    cursor.fetchall()

    own, plain = [], []
    for _ in range(CALLS):
        own.append(seconds(ours))
        plain.append(seconds(bare))
    ratio, over = statistics.median(own) / statistics.median(plain), statistics.median(own) - statistics.median(plain)
    yield Figure(
        part="d",
        what=f"{name}, {ROWS:,} open rows: use case against its bare SQL",
        value=f"{ratio:.2f}x, {over * 1000:+.1f} ms",
        goal="≤ 1.5x or ≤ 5 ms over",
        holds=ratio <= 1.5 or over <= 0.005,
    )
    slowest = percentile(own, 0.95)
    yield Figure("d", f"{name}: p95", f"{slowest * 1000:.1f} ms", "≤ 20 ms", slowest <= 0.020)
