"""`procura retention`: what is due, and removing exactly that; audited as the system's deed."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import print_json, print_rows, progress_line
from warehouse.clock import now
from warehouse.domain.retention import REMOVED_NEVER, RULES
from warehouse.errors import BadInput
from warehouse.settings import current

if TYPE_CHECKING:
    from pipelines.administration.retention import Purged
    from pipelines.administration.retention_plan import Plan

app = typer.Typer(
    help="How long records are kept, and removing what is due.", no_args_is_help=True, rich_markup_mode=None
)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")]
MOST_FILES = 20
BACKUPS = (
    "Backups and copies made before {at} still hold these records, and so do exports that people took away: delete or"
    " replace those backups as well. PostgreSQL's write-ahead log is overwritten as it goes on."
)


@app.command()
def plan(as_json: AsJson = False) -> None:
    """Show what a purge would remove now, and why; nothing is changed."""
    from pipelines.administration.retention_plan import plan_purge
    from warehouse.lake.connection import open_lake
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    settings = current()
    with open_stores(settings):
        found = plan_purge(open_ledger(), open_lake("procura_analyst", read_only=True), settings, at=now())
    print_json(_plan_as_json(found)) if as_json else _print_plan(found)


@app.command()
def purge(
    plan: Annotated[str, typer.Option("--plan", help="The hash that `procura retention plan` showed.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove exactly what a plan has shown; nothing when anything has changed since. It cannot be undone."""
    from pipelines.administration.retention import purge as purge_records
    from warehouse.lake.connection import open_lake
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    settings = current()
    if not yes and not typer.confirm("The records of this plan go for good. Go on?", err=True):
        raise BadInput("not confirmed.", kept="everything.", todo="answer y, or give --yes.")
    with progress_line() as line, open_stores(settings):
        done = purge_records(
            open_ledger(), open_lake("procura_pipeline"), settings, plan.strip(), at=now(), report=line
        )
    print_json(vars(done) | {"backups": _backups(done.begun_at)}) if as_json else _print_purged(done)


def _print_plan(found: "Plan") -> None:
    rows: list[list[object]] = []
    for one in found.classes:
        rule = RULES[one.record_class]
        stays = f"{one.old:,} older ones stay" if one.old else f"{one.held:,} held or of a bid" if one.held else ""
        rows.append(
            [rule.title, one.period.in_words(), rule.clock, one.count, _day(one.oldest), _day(one.newest), stays]
        )
    print_rows(["class", "kept", "counted from", "due", "oldest", "newest", "stays"], rows)
    for one in found.classes:
        for sample in one.samples:
            print(
                f"  {sample.title[:60]}: {sample.clock} {_day(sample.starts_at)}, due since {_day(sample.due_at)} ({sample.subject})"
            )
    never = ", ".join(RULES[one].title.lower() for one in RULES if one in REMOVED_NEVER)
    print(f"Never removed by a purge: {never}. Active holds: {found.active_holds}.")
    _print_files(found)
    if found.unfinished:
        print(f"A purge is not finished: `procura retention purge --plan {found.unfinished.plan_hash}` finishes it.")
    elif found.counts:
        print(f"To remove this: procura retention purge --plan {found.hash}")
    else:
        print("Nothing is due.")


def _print_files(found: "Plan") -> None:
    staying = [file for file in found.files if file.stays_for]
    print(f"Landed files: {len(found.going)} go whole, {len(staying)} stay (a file is never rewritten).")
    for file in staying[:MOST_FILES]:
        print(f"  {file.origin} stays for {file.stays_for}{f', until {_day(file.until)}' if file.until else ''}")
    if len(staying) > MOST_FILES:
        print(f"  and {len(staying) - MOST_FILES} more (--json lists all)")


def _print_purged(done: "Purged") -> None:
    counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in done.counts.items())
    print(f"Removed: {counts}; {done.freed_bytes:,} bytes of landed files. Purge {done.purge_id}.")
    for table in done.in_use:
        print(f"{table} was in use: removed rows leave its file with the next purge.")
    for path in done.still_in_inbox:
        print(f"Still in the inbox, yours to remove: {path}")
    print(_backups(done.begun_at))


def _backups(at: datetime) -> str:
    return BACKUPS.format(at=at.isoformat(timespec="seconds"))


def _day(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else ""


def _plan_as_json(found: "Plan") -> dict[str, object]:
    return {
        "hash": found.hash,
        "at": found.at,
        "counts": found.counts,
        "active_holds": found.active_holds,
        "unfinished": found.unfinished.plan_hash if found.unfinished else None,
        "classes": [
            {
                "class": one.record_class.value,
                "kept": one.period.in_words(),
                "counted_from": RULES[one.record_class].clock,
                "due": one.count,
                "until": one.until,
                "oldest": one.oldest,
                "newest": one.newest,
                "held": one.held,
                "older_that_stay": one.old,
                "samples": [vars(sample) for sample in one.samples],
            }
            for one in found.classes
        ],
        "files": [vars(file) for file in found.files],
    }
