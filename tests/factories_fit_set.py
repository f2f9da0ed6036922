"""An invented fit set: firms of four trades, each of which wins one opportunity of its own trade."""

import csv
import gzip
import json
import random
from pathlib import Path

TRADES = [
    ("Chiller Repair", "238220", "J041"),
    ("Network Support", "541512", "DJ01"),
    ("Gate Valve", "332911", "4820"),
    ("Office Chairs", "337214", "7110"),
]


def invented_set(directory: Path, *, firms: int = 40, opportunities: int = 60) -> Path:
    """Write firms that each win one opportunity of their own trade."""
    chance = random.Random(7)
    pool = [
        {"opp_id": f"O{i}", "title": f"{TRADES[i % 4][0]} lot {i}", "naics": TRADES[i % 4][1], "psc": TRADES[i % 4][2]}
        for i in range(opportunities)
    ]
    own = [
        {"firm_id": f"F{i}", "past_awards": [{"title": title, "naics": naics, "psc": psc}]}
        for i in range(firms)
        for title, naics, psc in [TRADES[i % 4]]
    ]
    for name, records in (("firms", own), ("opportunities", pool)):
        with gzip.open(directory / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)
    won = [(f"F{i}", f"O{chance.randrange(opportunities // 4) * 4 + i % 4}", 1) for i in range(firms)]
    with (directory / "qrels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("firm_id", "opp_id", "relevance"), *won])
    return directory
