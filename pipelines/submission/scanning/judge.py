"""The story of a scan: every check that looks at this kind of file is asked, the gravest finding counts."""

import functools
import importlib
import pkgutil
from types import ModuleType

from pipelines.submission.scanning import checks, limits
from pipelines.submission.scanning.budget import Budget
from pipelines.submission.scanning.buffers import Bytes
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, Stopped, not_scanned, worse
from warehouse.domain.submission_file import ScanStatus

DAMAGED = "is damaged, or written so that it cannot be looked into; open it and save it again"


@functools.cache
def find_checks() -> tuple[ModuleType, ...]:
    """Import every file of `checks/`, in the order of their names; one that fails stops the scan: nothing is clean then."""
    names = sorted(module.name for module in pkgutil.iter_modules(checks.__path__))
    return tuple(importlib.import_module(f"{checks.__name__}.{name}") for name in names)


def judge_file(name: str, data: Bytes, findings: Findings) -> Finding | None:
    """Judge a file with a fresh budget and fill in what was found; None: no check found anything."""
    source = Source(name, data, Budget(), judge)
    try:
        findings["media_type"] = source.media_type
        if len(data) > limits.LARGEST_FILE:
            return not_scanned(f"is larger than {limits.LARGEST_FILE >> 20} MiB and was not looked into")
        return judge(source, findings)
    except Stopped as stopped:
        return stopped.finding


def judge(source: Source, findings: Findings) -> Finding | None:
    """Ask the checks; the first refusal ends it.

    Raises:
        Stopped: the budget of the whole scan is spent.
    """
    found: Finding | None = None
    for check in find_checks():
        source.budget.check_time()
        if check.looks(source.media_type):
            found = worse(found, _ask(check, source, findings))
        if found is not None and found.status is ScanStatus.REFUSED:
            break
    return found


def _ask(check: ModuleType, source: Source, findings: Findings) -> Finding | None:
    try:
        finding: Finding | None = check.look(source, findings)
        return finding
    except Stopped as stopped:
        return stopped.finding
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - the edge around readers of hostile bytes: whatever they raise, the file is not clean
        return not_scanned(DAMAGED)
