"""What is said of a delivery: its state, phase and evidence in words and colours. Never a colour alone."""

from datetime import datetime, timedelta

from app.widgets import deadline
from app.widgets.text import plain
from warehouse.domain.delivery import EvidenceKind, Outcome, Phase, ReceiptSource, RunStatus
from warehouse.domain.executor import EXECUTORS
from warehouse.ledger.deliveries import Delivery

HAND_OVER = "assisted"
"""The way in which a person acts: its run waits for that person from the beginning."""
PHASES = {
    Phase.WAITING: "waits for its turn",
    Phase.CHECKING: "asks approvals, hashes and deadline again",
    Phase.STAGING: "reads every file again",
    Phase.ACTING: "is delivering",
    Phase.READING: "reads the receipt",
    Phase.RECONCILING: "looks for it at the office",
    Phase.WITH_A_PERSON: "is with a person",
    Phase.ENDED: "has ended",
}
EVIDENCE = {
    EvidenceKind.SCREENSHOT: "picture",
    EvidenceKind.TRACE: "trace",
    EvidenceKind.PAGE: "page",
    EvidenceKind.MAIL: "mail",
    EvidenceKind.ANSWER: "answer",
    EvidenceKind.DOCUMENT: "document",
    EvidenceKind.RECEIPT: "receipt",
}
SOURCES = {
    ReceiptSource.PORTAL: "read by Procura at the portal",
    ReceiptSource.EMAIL: "read by Procura in the office's mail",
    ReceiptSource.PERSON: "brought by a person",
}


def standing(run: Delivery) -> tuple[str, str]:
    """Return in words where a run stands, and the colour of its badge."""
    if run.status is RunStatus.SUCCESS:
        return ("dry run passed", "green") if run.is_dry_run else ("accepted", "green")
    if run.status is RunStatus.FAILED:
        return ("refused", "red") if run.outcome is Outcome.REFUSED else (_failed(run), "red")
    if run.needs_person:
        return ("handed over", "orange") if run.executor == HAND_OVER else ("needs a person", "red")
    if run.outcome is Outcome.UNKNOWN and run.phase is not Phase.ACTING:
        return "may have arrived", "orange"
    return ("waiting" if run.phase is Phase.WAITING else "under way"), "blue"


def _failed(run: Delivery) -> str:
    return "dry run stopped" if run.is_dry_run else "not delivered"


def badge(run: Delivery) -> str:
    """Return the Markdown badge of where a run stands."""
    words, colour = standing(run)
    return f":{colour}-badge[{words}]"


def title(run: Delivery) -> str:
    """Name a run among those of its offer."""
    return f"{'Dry run' if run.is_dry_run else 'Delivery'} {run.number}"


def way(executor: str) -> str:
    """Name a way to deliver."""
    kind = EXECUTORS.get(executor)
    return kind.title if kind else executor


def starter(run: Delivery) -> str:
    """Say who started a run; its address, or the product itself."""
    return "Procura itself" if run.starter == "system" else run.starter


def clock_time(instant: datetime) -> str:
    """Write the time of day in the reader's zone, with seconds: what follows within a minute is told apart."""
    return f"{instant.astimezone(deadline.reader_zone()):%H:%M:%S}"


def took(run: Delivery, at: datetime) -> str:
    """Write how long a run took, or has taken so far: "12 s", "4 min"."""
    return lasting((run.ended_at or at) - run.created_at)


def lasting(span: timedelta) -> str:
    """Write a span with what matters of it: "12 s", "4 min 10 s", "5 h 10 min", "3 d 4 h"."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3_600:
        return f"{seconds // 60} min {seconds % 60} s"
    if seconds < 86_400:
        return f"{seconds // 3_600} h {seconds // 60 % 60} min"
    return f"{seconds // 86_400} d {seconds // 3_600 % 24} h"


def lasting_seconds(seconds: float) -> str:
    """Write a number of seconds as a span."""
    return lasting(timedelta(seconds=seconds))


def quoted(text: str) -> str:
    """Write words of somebody else as such."""
    return f"“{plain(text)}”"
