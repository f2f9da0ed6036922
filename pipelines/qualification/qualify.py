"""Score what can be answered: hard rules first, the local ranker next; only what has no score yet.

A score is of one version of the notice, one version of the profile, one scorer and one outcome of the rules. Deadlines pass
by themselves, so the rules are asked about every opportunity at each run; the ranker only about what is new.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace

from pipelines.qualification.batch import OpportunityBatch, batch_of
from pipelines.qualification.company import profile_version
from pipelines.qualification.profiles import ensure_company
from pipelines.qualification.ranker import score_opportunities, scorer_id
from pipelines.qualification.rules import check_rules
from pipelines.qualification.screen import SCREEN_VERSION, flagged_passages, without
from pipelines.qualification.text_features import Idf, build_idf
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.company import CompanyProfile
from warehouse.domain.fit import Reason
from warehouse.ledger import fit_scores
from warehouse.ledger.fit_scores import Scored
from warehouse.ledger.store import SYSTEM, Ledger, Row

PART = 4_000
REBUILD_GROWTH = 2
"""The word table is built anew when there are twice or half as many titles as it was built from: scores hold still from
day to day, and still follow a store that fills up."""
ENOUGH_TITLES = 2_000
"""For a first table while more follow: a file that begins with old notices leaves only a few open after its first pass."""


@dataclass(frozen=True)
class Qualification:
    """What one run scored.

    Attributes:
        scored: Opportunities whose score is new.
        unchanged: Those whose score holds.
        by_recommendation: Of the new ones, how many got which.
        scorer: Ranker and word table.
        seconds: How long it took.
    """

    scored: int
    unchanged: int
    by_recommendation: Mapping[str, int]
    scorer: str
    seconds: float

    def as_metadata(self) -> dict[str, object]:
        """Return the counts for a run's page."""
        counts = {f"newly_{name}": n for name, n in self.by_recommendation.items()}
        return {"scored": self.scored, "unchanged": self.unchanged, **counts, "scorer": self.scorer}


def qualify_open_opportunities(
    ledger: Ledger, *, as_of: datetime, everything: bool = False, more_follows: bool = False
) -> Qualification:
    """Bring every published opportunity's score up to date; writes nothing when all scores hold (role: pipeline).

    Args:
        ledger: The ledger as the pipeline.
        as_of: The instant at which deadlines are judged.
        everything: Score all of them anew, whatever they have.
        more_follows: Another pass of this run will score as well: where the word table has to be built anew, nothing is
            scored now that would not hold then.
    """
    began = time.monotonic()
    company = ensure_company(ledger)
    idf = ensure_word_table(ledger, more_follows=more_follows)
    if idf is None:
        return Qualification(0, 0, {}, "", round(time.monotonic() - began, 3))
    version, scorer = profile_version(company.profile), _scorer(idf)
    with ledger.read() as tx:
        rows = fit_scores.scorable_rows(tx)
    new, others = {}, {}
    for row, broken in _ruled(company.profile, rows, as_of):
        if row["fit_content_hash"] != row["content_hash"]:
            new[row["id"]] = broken
        elif everything or not _holds(row, version, scorer, broken):
            others[row["id"]] = broken
    counted: Counter[str] = Counter()
    # What has no score yet first and by itself: where all is scored anew, a day's new notices need not wait for it.
    for pending in filter(None, (new, others)):
        with ledger.deed(AuditEvent("fit:scored", version, SYSTEM, {"scorer": scorer})) as deed:
            newly: Counter[str] = Counter()
            for scores in _one_ahead(_scored_parts(ledger, company.profile, idf, pending)):
                newly.update(scored.fit.recommendation.value for scored in scores)
                fit_scores.write_scores(deed, scores, profile_version=version, as_of=as_of)
            deed.note(opportunities=newly.total(), **dict(newly))
        counted += newly
    done = counted.total()
    return Qualification(done, len(rows) - done, dict(counted), scorer, round(time.monotonic() - began, 3))


def ensure_word_table(ledger: Ledger, *, more_follows: bool = False) -> Idf | None:
    """Return the stored word table, built anew from the published titles when there is none or the store has outgrown it.

    None where it would not last, because more titles follow at once: it is outgrown, or would be built from a few.
    """
    with ledger.read() as tx:
        known = fit_scores.current_word_table(tx)
        texts = fit_scores.titles(tx)
    if known and (not texts or known.n_texts / REBUILD_GROWTH < len(texts) < known.n_texts * REBUILD_GROWTH):
        return Idf(known.n_texts, known.word_counts)
    if more_follows and (known or len(texts) < ENOUGH_TITLES):
        return None
    idf = build_idf(texts)
    with ledger.deed(AuditEvent("word_table:built", idf.version, SYSTEM, {"titles": len(texts)})) as deed:
        fit_scores.add_word_table(deed, version=idf.version, n_texts=idf.n_texts, word_counts=dict(idf.word_counts))
    return idf


def to_batch(rows: Sequence[Row]) -> OpportunityBatch:
    """Turn rows of `texts_of` into the ranker's columns, without passages that speak to a reading machine."""
    names = {
        "opportunity_id": "id", "title": "title", "description": "description", "naics_code": "naics_code",
        "psc_code": "psc_code", "department": "agency", "sub_tier": "sub_agency", "office": "office",
        "set_aside_code": "set_aside_code", "place_state_code": "place_state",
    }  # fmt: skip
    columns = {column: [row[name] for row in rows] for column, name in names.items()}
    screened = {
        name: [without(text, flagged_passages(text)) for text in columns[name]] for name in ("title", "description")
    }
    return batch_of(columns | screened)


def _scorer(idf: Idf) -> str:
    return f"{scorer_id(idf)}+screen-{SCREEN_VERSION}"


def _ruled(profile: CompanyProfile, rows: Sequence[Row], as_of: datetime) -> Iterator[tuple[Row, Reason | None]]:
    for row in rows:
        yield row, check_rules(profile, SimpleNamespace(**row), as_of)


def _holds(row: Row, version: str, scorer: str, broken: Reason | None) -> bool:
    shown = (row["fit_content_hash"], row["profile_version"], row["scorer"], row["fit_rule"])
    return bool(shown == (row["content_hash"], version, scorer, broken.kind if broken else None))


def _scored_parts(
    ledger: Ledger, profile: CompanyProfile, idf: Idf, pending: Mapping[str, Reason | None]
) -> Iterator[list[Scored]]:
    """Yield the scores of what is pending, some thousands at a time, by what rule each is broken (None: by none)."""
    ids, scorer = list(pending), _scorer(idf)
    for start in range(0, len(ids), PART):
        with ledger.read() as tx:
            # Only a firm with CAGE codes is looked for among approved sources, which may stand anywhere in the text.
            rows = fit_scores.texts_of(tx, ids[start : start + PART], whole=bool(profile.cage_codes))
        part = score_opportunities(profile, to_batch(rows), idf)
        yield [
            Scored(row["id"], row["content_hash"], replace(part.fit(index, pending[row["id"]]), scorer=scorer))
            for index, row in enumerate(rows)
        ]


def _one_ahead(parts: Iterator[list[Scored]]) -> Iterator[list[Scored]]:
    """Yield the parts, each next one being made beside: while PostgreSQL writes one, the ranker works on another."""
    with ThreadPoolExecutor(1) as worker:
        waiting = worker.submit(next, parts, None)
        while (part := waiting.result()) is not None:
            waiting = worker.submit(next, parts, None)
            yield part
