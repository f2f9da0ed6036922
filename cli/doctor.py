"""`procura doctor`: what is wrong here, and how it is mended."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import print_json
from cli.state import is_held
from warehouse.errors import ProcuraError
from warehouse.settings import Settings, current

if TYPE_CHECKING:
    from pipelines.administration.operations import Finding


def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is safe to mend.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")] = False,
) -> None:
    """Look for faults; exit 0 when there is none left."""
    findings = [_mended(finding) if fix else finding for finding in _examine(current())]
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


def _examine(settings: Settings) -> Iterator["Finding"]:
    """Yield all findings; a store that does not open is one, and Dagster's runs are asked with all of them open."""
    from assets.instance import open_instance
    from assets.orphans import examine_runs
    from pipelines.administration.operations import Finding, examine_home, examine_stores
    from warehouse.stores import make_home, open_stores

    make_home(settings)
    is_up = is_held(settings)
    yield from examine_home(settings, is_up=is_up)
    with ExitStack() as stack:
        try:
            stack.enter_context(open_stores(settings))
            instance = stack.enter_context(open_instance(settings))
        except ProcuraError as error:
            yield Finding("stores", False, error.what, error.todo)
            return
        yield from examine_stores(settings)
        yield examine_runs(instance, nobody_serves=not is_up)


def _mended(finding: "Finding") -> "Finding":
    if finding.is_good or finding.mend is None:
        return finding
    finding.mend()
    return replace(finding, is_good=True, what=f"mended: {finding.what}")
