"""Discovery: what sources have is landed as it came, then read into the lake. This file tells the story; see the chapters
connector.py, inbox.py, http.py (landing) and records.py, normalize.py, reading.py (reading)."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from pipelines.discovery.connector import (
    Connector,
    Fetched,
    NoKey,
    Progress,
    RecordKind,
    Trouble,
    connector_of,
    find_connectors,
)
from pipelines.discovery.inbox import check_inbox, offered_files, strangers
from pipelines.discovery.reading import read_file
from pipelines.discovery.shapes import Skip
from warehouse.clock import now
from warehouse.domain.run_outcome import RunOutcome
from warehouse.errors import DiskFull, SourceKeyRefused, SourcePlanLacks, SourceQuotaExceeded, SourceUnavailable
from warehouse.lake.connection import open_lake
from warehouse.lake.landings import Counts, LandingState, landing_states
from warehouse.lake.one_reader import one_reader
from warehouse.landing import Entry, Landing, open_plain
from warehouse.ledger.discovery_runs import Source, add_to_open_run, end_idle_run, fail_run, note_landing, start_run
from warehouse.ledger.source_budgets import budget_of
from warehouse.ledger.store import Ledger, open_ledger
from warehouse.settings import Settings


@dataclass(frozen=True)
class Landed:
    """What landing one source did.

    `files` are those it has now, `new_files` those of them whose bytes were not known; `outcome` and `reason` say why
    nothing came, or which way to the source failed beside one that worked.
    """

    source: str
    files: int = 0
    new_files: int = 0
    skipped_files: list[dict[str, str]] = field(default_factory=list)
    outcome: RunOutcome = RunOutcome.CAME
    reason: str = ""
    requests_spent: int = 0
    has_demo: bool = False


@dataclass(frozen=True)
class Reading:
    """What one pass over the landed files did; files known before count as read again and unchanged."""

    landed: int = 0
    accepted: int = 0
    quarantined: int = 0
    unchanged: int = 0
    versions: int = 0
    has_more: bool = False


def land_source(
    source: str,
    settings: Settings,
    *,
    inbox: Path | None = None,
    progress: Progress,
    at: datetime,
    as_of: datetime | None = None,
    since: datetime | None = None,
) -> Landed:
    """Land what a source has: files of the inbox, else what it sends; demo notices while nothing ever came.

    Args:
        source: A connector's name.
        settings: Of this home; `offline` and `as_of` keep the network out.
        inbox: A folder named for this run: only its files count, no network, no demo notices.
        progress: Told bytes fetched.
        at: This instant, for the landing.
        as_of: The instant at which the world is looked at, when it is not now.
        since: Files of the inbox last changed before it are skipped by name; a source that can, sends only what is newer.

    Raises:
        BadInput: no such source, or the named inbox cannot be read.
        DiskFull: there is no room.
    """
    connector, as_of = connector_of(source), as_of or settings.as_of
    if inbox is not None:
        check_inbox(inbox)
    landing, ledger = Landing(settings.landing), open_ledger("procura_pipeline")
    run_id = start_run(ledger, _described(connector), at=at, as_of=as_of)
    spent_before = _spent(ledger, source)
    fault: SourceUnavailable | None = None
    try:
        entries, landed = _land_inbox(landing, connector, inbox or settings.inbox, at, since)
        if not entries and inbox is None and not settings.offline and as_of is None:
            fetched = connector.fetch(settings, since=since, at=at, progress=progress)
            entries, landed = _land_fetched(landing, connector, fetched, at=at, landed=landed)
        elif not entries:
            landed = replace(landed, outcome=RunOutcome.NOT_ASKED, reason=_why_not_asked(settings, inbox, as_of))
    except SourceUnavailable as error:
        fault, entries, landed = error, [], _troubled(landed, error)
    except DiskFull as error:
        fail_run(ledger, run_id, at=now(), reason=error.what)
        raise
    landed = replace(landed, requests_spent=_spent(ledger, source) - spent_before)
    note_landing(
        ledger, run_id, landed.outcome,
        reason=landed.reason, skipped=landed.skipped_files, requests_spent=landed.requests_spent,
    )  # fmt: skip
    if fault is not None and landed.outcome.is_trouble:
        fail_run(ledger, run_id, at=now(), reason=fault.what)
    elif fault is not None or landed.outcome in {RunOutcome.NOT_ASKED, RunOutcome.NO_KEY}:
        end_idle_run(ledger, run_id, at=now(), reason=landed.reason)
    _remember(settings, source, entries)
    if inbox is None and not landing.sources() & _notice_sources():
        _land_demo(landing, settings, as_of or at, at, progress)
        landed = replace(landed, has_demo=True)
    return landed


NO_NEWS = "The source has nothing newer than what had landed before."
NO_KEY = "It takes a key, and none is set that it has not refused."


def read_landings(
    settings: Settings,
    *,
    kind: RecordKind | None = None,
    max_records: int | None = None,
    progress: Progress,
    slice_records: int | None = None,
) -> Reading:
    """Read what has landed and is not in the lake yet, the oldest file first.

    Args:
        settings: Of this home.
        kind: Only files of sources with such records; None: all.
        max_records: Stop after about so many records, so that they can be published before the rest is read.
        progress: Told the records read.
        slice_records: Bound of one transaction, for tests; the content does not depend on it.

    Returns:
        The counts of this pass. Files landed by `land_source` since the last pass that were known already count as met
        again: all accepted ones unchanged, no versions.
    """
    with one_reader(settings, progress):
        return _read_all(settings, _connectors_of(kind), max_records, progress, slice_records)


def is_reading_left(settings: Settings) -> bool:
    """Say whether notices have landed that are not all in the lake yet: another pass of the run follows."""
    cursor = open_lake("procura_pipeline").cursor()
    states = landing_states(cursor)
    cursor.close()
    connectors = _connectors_of(RecordKind.NOTICES)
    return any(
        entry.source in connectors and not states.get((entry.source, entry.order), LandingState()).is_complete
        for entry in Landing(settings.landing).entries()
    )


def _connectors_of(kind: RecordKind | None) -> dict[str, Connector]:
    return {name: found for name, found in find_connectors()[0].items() if kind is None or found.kind is kind}


def _read_all(
    settings: Settings,
    connectors: dict[str, Connector],
    max_records: int | None,
    progress: Progress,
    slice_records: int | None,
) -> Reading:
    landing, lake = Landing(settings.landing), open_lake("procura_pipeline")
    cursor = lake.cursor()
    states = landing_states(cursor)
    cursor.close()
    totals = _met_again(settings, connectors, states)
    left, has_more = max_records, False
    for entry in landing.entries():
        state = states.get((entry.source, entry.order), LandingState())
        if state.is_complete or entry.source not in connectors:
            continue
        if left is not None and left <= 0:
            has_more = True
            break
        bounds = {"slice_records": slice_records} if slice_records else {}
        read = read_file(
            lake, landing, entry, connectors[entry.source], state, max_records=left, progress=progress, **bounds
        )
        totals[entry.source] = totals.get(entry.source, Counts()) + read.counts
        has_more = has_more or not read.is_complete
        left = None if left is None else left - read.counts.landed
    _report(connectors, totals, is_done=not has_more)
    total = sum(totals.values(), Counts())
    return Reading(total.landed, total.accepted, total.quarantined, total.unchanged, total.versions, has_more)


def _land_inbox(
    landing: Landing, connector: Connector, inbox: Path, at: datetime, since: datetime | None
) -> tuple[list[Entry], Landed]:
    known = {name for name, found in find_connectors()[0].items() if not found.is_demo}
    skipped = strangers(inbox, known)
    entries: list[Entry] = []
    new = 0
    for offered in offered_files(inbox, connector, since):
        if isinstance(offered.shape, Skip):
            skipped.append({"name": offered.name, "reason": offered.shape.reason})
            continue
        with offered.path.open("rb") as stored:
            entry, is_new = landing.add(
                connector.name, stored, feed=offered.shape.feed, origin=offered.name, fetched_at=at
            )
        entries.append(entry)
        new += is_new
    return entries, Landed(connector.name, len(entries), new, skipped)


def _land_fetched(
    landing: Landing,
    connector: Connector,
    offered: Iterable[Fetched | Trouble | NoKey],
    *,
    at: datetime,
    landed: Landed,
) -> tuple[list[Entry], Landed]:
    entries: list[Entry] = []
    new, trouble = 0, None
    try:
        for fetched in offered:
            if isinstance(fetched, Trouble):
                trouble = fetched.fault
                continue
            if isinstance(fetched, NoKey):
                return entries, replace(landed, outcome=RunOutcome.NO_KEY, reason=NO_KEY)
            entry, is_new = _land_one(landing, connector, fetched, at)
            entries.append(entry)
            new += is_new
    except SourceUnavailable as error:
        if not entries:
            raise
        trouble = error
    landed = replace(landed, files=len(entries), new_files=new)
    if trouble is not None:
        return entries, _troubled(landed, trouble)
    return entries, landed if new else replace(landed, outcome=RunOutcome.NO_NEWS, reason=NO_NEWS)


def _troubled(landed: Landed, error: SourceUnavailable) -> Landed:
    kinds = {
        SourceQuotaExceeded: RunOutcome.QUOTA,
        SourceKeyRefused: RunOutcome.KEY_REFUSED,
        SourcePlanLacks: RunOutcome.KEY_REFUSED,
    }
    return replace(landed, outcome=kinds.get(type(error), RunOutcome.BROKEN), reason=error.what)


def _spent(ledger: Ledger, source: str) -> int:
    with ledger.read() as tx:
        budget = budget_of(tx, source)
    return budget.spent_ever if budget else 0


def _land_one(landing: Landing, connector: Connector, fetched: Fetched, at: datetime) -> tuple[Entry, bool]:
    with fetched.path.open("rb") as stored:
        shape = connector.detect(open_plain(stored))
    if isinstance(shape, Skip):
        raise SourceUnavailable(
            f"{connector.name} has sent something that is none of its files: {shape.reason}.",
            kept="what had landed before.",
            todo="nothing: it is tried again with the next run.",
        )
    with fetched.path.open("rb") as stored:
        return landing.add(connector.name, stored, feed=shape.feed, origin=fetched.origin, fetched_at=at)


def _land_demo(landing: Landing, settings: Settings, world_at: datetime, at: datetime, progress: Progress) -> None:
    for name in _demo_names():
        connector = connector_of(name)
        run_id = start_run(open_ledger("procura_pipeline"), _described(connector), at=at, as_of=None)
        fetched = connector.fetch(settings, since=None, at=world_at, progress=progress)
        entries = [_land_one(landing, connector, one, at)[0] for one in fetched if isinstance(one, Fetched)]
        reason = "Made by the product itself, for there are no real notices yet."
        note_landing(open_ledger("procura_pipeline"), run_id, RunOutcome.CAME, reason=reason, skipped=[])
        _remember(settings, name, entries)


def _notice_sources() -> set[str]:
    """Name the real sources whose records can be answered: facts of the market alone leave every list empty."""
    found = find_connectors()[0].values()
    return {one.name for one in found if one.kind is RecordKind.NOTICES and not one.is_demo}


def _demo_names() -> set[str]:
    return {name for name, connector in find_connectors()[0].items() if connector.is_demo}


def _why_not_asked(settings: Settings, inbox: Path | None, as_of: datetime | None) -> str:
    if inbox is not None:
        return "The inbox named for this run holds no file of this source."
    if as_of is not None:
        return "The inbox is empty, and as of another instant the source is not asked."
    return "The inbox is empty, and PROCURA_OFFLINE keeps the source from being asked." if settings.offline else ""


def _described(connector: Connector) -> Source:
    return Source(connector.name, connector.auth_type, connector.documentation_url)


def _remember(settings: Settings, source: str, entries: Collection[Entry]) -> None:
    """Note which files this run has, for the pass that reads them: they are counted although nothing is left to read."""
    path = settings.run / f"landed-{source}.json"
    path.write_text(json.dumps([entry.order for entry in entries]), encoding="utf-8")


def _met_again(
    settings: Settings, sources: Iterable[str], states: dict[tuple[str, int], LandingState]
) -> dict[str, Counts]:
    """Take the notes of `_remember` about some sources: per source, what of their files is in the lake already."""
    counts: dict[str, Counts] = {}
    for source in sources:
        path = settings.run / f"landed-{source}.json"
        if path.exists():
            orders = set(json.loads(path.read_text(encoding="utf-8")))
            known = (states.get((source, order), LandingState()).counts.seen_again() for order in orders)
            counts[source] = sum(known, Counts())
            path.unlink(missing_ok=True)
    return counts


def _report(connectors: dict[str, Connector], totals: dict[str, Counts], *, is_done: bool) -> None:
    ledger = open_ledger("procura_pipeline")
    for source in connectors:
        if source in totals:
            add_to_open_run(ledger, source, totals[source], is_done=is_done, at=now())
