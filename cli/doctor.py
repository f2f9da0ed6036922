"""`procura doctor`: what is wrong here, and how it is mended."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import print_json
from cli.state import is_held
from warehouse.clock import now
from warehouse.errors import ProcuraError, StoreUnavailable, WrongState
from warehouse.settings import Settings, current

if TYPE_CHECKING:
    from pipelines.administration.operations import Finding


def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is safe to mend.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")] = False,
    all_files: Annotated[bool, typer.Option("--all-files", help="Read every file of every offer again.")] = False,
) -> None:
    """Look for faults; exit 0 when there is none left."""
    findings = [_mended(finding) if fix else finding for finding in _examine(current(), reads_all=all_files)]
    if as_json:
        print_json({"is_well": all(f.is_good for f in findings), "findings": [_told(f) for f in findings]})
    else:
        for finding in findings:
            print(f"{'ok   ' if finding.is_good else 'FAULT'}  {finding.subject:<22} {finding.what}")
            if not finding.is_good and finding.todo:
                print(f"       {'':<22} To do: {finding.todo}")
    raise typer.Exit(0 if all(finding.is_good for finding in findings) else 1)


def _told(finding: "Finding") -> dict[str, object]:
    return {
        "subject": finding.subject, "is_good": finding.is_good, "what": finding.what,
        "todo": "" if finding.is_good else finding.todo, "can_fix": finding.mend is not None,
    }  # fmt: skip


def _examine(settings: Settings, *, reads_all: bool) -> Iterator["Finding"]:
    """Yield all findings; a store that does not open is one, and Dagster's runs are asked with all of them open."""
    from assets.instance import open_instance
    from assets.orphans import examine_runs
    from pipelines.administration.operations import Finding, examine_home, examine_stores
    from warehouse.stores import make_home, open_stores

    make_home(settings)
    is_up = is_held(settings)
    yield from examine_home(settings, is_up=is_up, at=now())
    with ExitStack() as stack:
        try:
            stack.enter_context(open_stores(settings))
            instance = stack.enter_context(open_instance(settings))
        except ProcuraError as error:
            yield Finding("stores", False, error.what, error.todo)
            return
        yield from examine_stores(settings)
        yield from _examine_files(settings, reads_all=reads_all)
        yield _examine_approvals(settings)
        yield _examine_templates(settings)
        yield examine_runs(instance, nobody_serves=not is_up)


def _examine_templates(settings: Settings) -> "Finding":
    """Say which of the firm's own templates of checklists have a fault and are therefore not used."""
    from pipelines.administration.operations import Finding
    from pipelines.submission.checklist_templates import firm_folder, load_templates

    loaded = load_templates(settings)
    what = "; ".join(str(fault) for fault in loaded.faults) or f"{len(loaded.templates)} templates of checklists hold"
    return Finding("templates", not loaded.faults, what, f"mend the file in {firm_folder(settings)}, or take it away.")


def _examine_approvals(settings: Settings) -> "Finding":
    """Say whether packages that all have signed wait to be frozen: a stop came between."""
    from pipelines.administration.operations import Finding
    from pipelines.submission.approval_freeze import finish_approvals, waiting_approvals
    from warehouse.ledger.store import open_ledger

    def mend() -> None:
        faults = finish_approvals(open_ledger(), settings, at=now()).faults
        if faults:
            raise WrongState(f"{faults[0]}.")

    try:
        waiting = waiting_approvals(open_ledger(), at=now())
    except ProcuraError as error:
        return Finding("approvals", False, error.what, error.todo)
    what = f"{len(waiting)} packages are signed and not frozen" if waiting else "no signed package waits to be frozen"
    return Finding("approvals", not waiting, what, "freeze them.", mend)


def _examine_files(settings: Settings, *, reads_all: bool) -> Iterator["Finding"]:
    """Yield what is wrong with files of offers: scans that were cut off, rows without bytes, bytes without rows."""
    from pipelines.administration.operations import Finding
    from pipelines.administration.stored_files import examine_files
    from pipelines.submission.file_scans import finish_scans, waiting_scans
    from warehouse.ledger.store import open_ledger
    from warehouse.object_store import open_object_store

    ledger = open_ledger()
    try:
        waiting = waiting_scans(ledger, at=now())
        what = f"{len(waiting)} files wait for a scan that was cut off" if waiting else "no file waits for its scan"
        yield Finding("scans", not waiting, what, "scan them.", lambda: _finish(finish_scans(ledger, at=now())))
        yield from examine_files(ledger, open_object_store(settings), at=now(), reads_all=reads_all)
    except ProcuraError as error:
        yield Finding("files", False, error.what, error.todo)


def _finish(still_waiting: int) -> None:
    """Say that some could not be scanned: their bytes are lost, or do not come."""
    if still_waiting:
        raise StoreUnavailable(
            f"{still_waiting} files cannot be scanned: their bytes do not come.",
            kept="every row.",
            todo="look at what is said of their bytes; restore them from your backup.",
        )


def _mended(finding: "Finding") -> "Finding":
    if finding.is_good or finding.mend is None:
        return finding
    try:
        finding.mend()
    except ProcuraError as error:
        return replace(finding, what=error.what, todo=error.todo, mend=None)
    return replace(finding, is_good=True, what=f"mended: {finding.what}")
