"""Deeds on a package by its buttons: done in the name of who is signed in, and what came of it told where the part is drawn."""

from collections.abc import Callable
from datetime import datetime

from app import session
from app.widgets import told
from pipelines.submission.package import set_delivery
from pipelines.submission.package_edits import StatedLimit
from pipelines.submission.package_state import PackageState
from warehouse import clock
from warehouse.domain.access import Person
from warehouse.ledger.store import Ledger, open_ledger

PLACE = "package"


def attempt(deed: Callable[[Ledger, Person, datetime], object], done: str = "") -> bool:
    """Carry out one deed; keep what refuses it, or the words that say it is done, told where the package is drawn."""
    return told.attempt(PLACE, lambda: deed(open_ledger(), session.person(acts=True), clock.now()), done)


def stated(found: PackageState) -> dict[str, StatedLimit]:
    """Return the limits as they are stored, to be saved again with a change."""
    limits = found.limits
    return {
        name: StatedLimit(dict(limits.pages) if name == "pages" else getattr(limits, name), source.quote)
        for name, source in limits.sources.items()
    }


def save_delivery(
    found: PackageState, executor: str, fields: dict[str, str], limits: dict[str, StatedLimit], done: str
) -> None:
    """Save delivery and limits upon what was seen."""
    of = found.submission
    attempt(
        lambda ledger, by, at: set_delivery(
            ledger, of.id, executor=executor, fields=fields, limits=limits, version=of.version, at=at, by=by
        ),
        done,
    )
