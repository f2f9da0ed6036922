"""(g) Qualification without a model: a fit set from its files to its run, and open notices to their scores in the ledger."""

import gzip
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.qualification.qualify import qualify_open_opportunities
from pipelines.qualification.rank import rank_fit_set
from tests.bench.ledger_pages import AT, SEED, WORDS
from tests.bench.measure import Figure, median_in_turn
from warehouse.domain.audit_event import AuditEvent
from warehouse.ledger.store import open_ledger
from warehouse.settings import Settings

FIRMS, OPPORTUNITIES = 200, 2_000
NOTICES = 20_000
ENOUGH_PAIRS, ENOUGH_NOTICES = 50_000, 2_000


def write_fit_set(directory: Path) -> Path:
    """Write invented firms of one to nine past awards, and a pool of opportunities like them."""
    chance = random.Random(4711)

    def work() -> dict[str, Any]:
        return {
            "title": " ".join(chance.choices(WORDS, k=chance.randint(2, 8))), "agency": f"DEPT {chance.randrange(20)}",
            "subtier": f"SUB {chance.randrange(60)}", "naics": str(541_000 + chance.randrange(700)),
            "psc": f"R{chance.randrange(500):03d}", "set_aside": chance.choice(("", "SBA")), "pop_state": chance.choice(("VA", "OH")),
        }  # fmt: skip

    firms = [{"firm_id": f"F{i}", "past_awards": [work() for _ in range(1 + i % 9)]} for i in range(FIRMS)]
    pool = [{"opp_id": f"O{i}", "text": "", **work()} for i in range(OPPORTUNITIES)]
    for name, records in (("firms", firms), ("opportunities", pool)):
        with gzip.open(directory / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)
    return directory


def measure(settings: Settings) -> Iterator[Figure]:
    """Yield the figures of (g)."""
    with tempfile.TemporaryDirectory(dir=settings.temporary) as folder:
        directory = write_fit_set(Path(folder))
        (ranking,) = median_in_turn(lambda: rank_fit_set(directory, directory / "run.csv"))
    pairs = FIRMS * OPPORTUNITIES / ranking
    what = f"{FIRMS:,} firms of five past awards x {OPPORTUNITIES:,} opportunities, read, ranked and written"
    yield Figure("g", what, f"{pairs:,.0f} pairs/s", f"≥ {ENOUGH_PAIRS:,}", pairs >= ENOUGH_PAIRS)
    ledger = open_ledger("procura_pipeline")
    with ledger.deed(AuditEvent("bench:seeded", "opportunities", "system")) as deed:
        deed.execute(SEED, {"at": AT, "rows": NOTICES, "words": WORDS})
    qualify_open_opportunities(ledger, as_of=AT)  # stores the ready profile and the word table, which a day's run finds
    (scoring,) = median_in_turn(lambda: qualify_open_opportunities(ledger, as_of=AT, everything=True))
    notices = NOTICES / scoring
    what = f"{NOTICES:,} open notices through rules and ranker to scores and reasons in the ledger"
    yield Figure("g", what, f"{notices:,.0f} notices/s", f"≥ {ENOUGH_NOTICES:,}", notices >= ENOUGH_NOTICES)
