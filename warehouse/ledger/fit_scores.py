"""Fit scores: append-only rows, and the last of them shown on the opportunity."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from warehouse.domain.fit import FitScore
from warehouse.ledger.store import Deed, Row, Transaction


@dataclass(frozen=True)
class WordTable:
    """How rare each word of a title is, as stored: part of the scorer's identity."""

    n_texts: int
    word_counts: dict[str, int]


@dataclass(frozen=True)
class Scored:
    """One score with the version of the notice that it is of."""

    opportunity_id: str
    content_hash: str
    fit: FitScore


def current_word_table(tx: Transaction) -> WordTable | None:
    """Return the table that was built last."""
    row = tx.row("select n_texts, word_counts from word_tables order by built_at desc, version limit 1")
    return WordTable(**row) if row else None


def add_word_table(deed: Deed, *, version: str, n_texts: int, word_counts: dict[str, int]) -> None:
    """Keep a table; the one added last is current."""
    deed.execute(
        "insert into word_tables (version, n_texts, word_counts) values (%s, %s, %s) on conflict do nothing",
        [version, n_texts, json.dumps(word_counts, sort_keys=True)],
    )


def scorable_rows(tx: Transaction) -> list[Row]:
    """Return what decides whether an opportunity needs a score: one narrow row each, ordered by id."""
    return tx.rows(
        "select id, content_hash, notice_type, set_aside_code, eligibility_codes, due_date as response_deadline_at,"
        " profile_version, scorer, fit_content_hash, fit_rule from opportunities where merged_into is null order by id"
    )


def titles(tx: Transaction) -> list[str]:
    """Return the titles of what is published."""
    return [row["title"] for row in tx.execute("select title from opportunities where merged_into is null order by id")]


def texts_of(tx: Transaction, ids: list[str], *, whole: bool) -> list[Row]:
    """Return what the ranker reads of these opportunities and the hash of it, in the order of the ids.

    Args:
        ids: Which ones.
        whole: The whole description instead of its beginning (4,000 characters: passages are left out of it before the
            ranker takes the first 1,000).
    """
    return tx.rows(
        "select o.id, content_hash, title, case when %(whole)s then description else left(description, 4000) end as description,"
        " naics_code, psc_code, agency, sub_agency, office, set_aside_code, place_state"
        " from unnest(%(ids)s::text[]) with ordinality w(id, place) join opportunities o on o.id = w.id order by w.place",
        {"ids": ids, "whole": whole},
    )


def write_scores(deed: Deed, scores: Iterable[Scored], *, profile_version: str, as_of: datetime) -> int:
    """Append the scores and show them on their opportunities; return how many opportunities changed."""
    deed.execute(
        "create temp table if not exists incoming_scores (opportunity_id text, content_hash text, scorer text, rule text,"
        " fit_score integer, recommendation text, reasons jsonb) on commit drop"
    )
    deed.execute("truncate incoming_scores")
    with deed.copy(
        "copy incoming_scores (opportunity_id, content_hash, scorer, rule, fit_score, recommendation, reasons) from stdin"
    ) as copy:
        for scored in scores:
            copy.write_row(_values(scored))
    deed.execute(
        "insert into fit_scores (opportunity_id, content_hash, profile_version, scorer, rule, fit_score, recommendation,"
        " reasons, as_of) select opportunity_id, content_hash, %s, scorer, rule, fit_score, recommendation, reasons, %s"
        " from incoming_scores on conflict do nothing",
        [profile_version, as_of],
    )
    shown = deed.execute(
        "update opportunities o set fit_score = i.fit_score, recommendation = i.recommendation, fit_reasons = i.reasons,"
        " scorer = i.scorer, profile_version = %s, fit_content_hash = i.content_hash, fit_rule = i.rule, scored_at = now()"
        " from incoming_scores i where o.id = i.opportunity_id and o.content_hash = i.content_hash",
        [profile_version],
    )
    return shown.rowcount


def _values(scored: Scored) -> tuple[Any, ...]:
    fit = scored.fit
    reasons = [{"kind": r.kind, "text": r.text, "evidence": r.evidence, "points": r.points} for r in fit.reasons]
    # PostgreSQL's jsonb refuses the NUL character, which a damaged text may hold.
    text = json.dumps(reasons).replace("\\u0000", "")
    return (scored.opportunity_id, scored.content_hash, fit.scorer, fit.rule, fit.score, fit.recommendation.value, text)
