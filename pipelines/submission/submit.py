"""Deliveries: a worker takes a run and carries it to its receipt, to a clear end, to a person, or puts it down until later.

    taken -> checked -> staged -> intent and checkpoint -> the last act -> receipt            the way there
                                                              `-> unknown -> looked for -> receipt, or certainly not there

Nothing is sent before the intent is committed and signed; what may have arrived is only looked for. A worker may be killed at
any moment: the next one goes on from the rows. Not here: how one way acts (executors/), what people do (deliver.py).
"""

import errno
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from pipelines.submission import outcomes, reconcile
from pipelines.submission.delivery_checks import fault_of_run
from pipelines.submission.desk import WorkerDesk
from pipelines.submission.executor import DryRun, Executor, Fenced, MayNotAct, Parcel, find_executors
from pipelines.submission.lease import LEASE_SECONDS, Lease
from pipelines.submission.outcomes import Held
from pipelines.submission.portals.profile import PortalProfile, parse_profile
from pipelines.submission.reconcile import Timing, timing_of
from pipelines.submission.staging import staged, sweep
from warehouse import clock
from warehouse.domain.delivery import (
    Accepted,
    Answer,
    Finding,
    Handed,
    NotDelivered,
    Outcome,
    Phase,
    Refused,
    Transported,
    Unclear,
    Unknown,
)
from warehouse.domain.lead import in_words
from warehouse.errors import AuditBroken, DiskFull, ProcuraError, SourceUnavailable, StoreUnavailable
from warehouse.ledger import deliveries, portal_profiles
from warehouse.ledger.deliveries import Delivery
from warehouse.ledger.package_manifests import Manifest, read_manifest
from warehouse.ledger.store import Ledger
from warehouse.ledger.submissions import read_submission
from warehouse.settings import Settings

LONGEST_PAUSE = timedelta(minutes=5)
STORE_PAUSE = timedelta(seconds=30)
STORE_WAIT_SECONDS = 2
STAYS = timedelta(seconds=60)
"""A look that is due sooner is waited for: starting a run of Dagster takes seconds."""
LOG = logging.getLogger("procura.deliveries")


@dataclass(frozen=True)
class Work:
    """A held run with what is needed to carry it on."""

    held: Held
    manifest: Manifest
    executor: Executor
    profile: PortalProfile | None
    timing: Timing

    def desk(self) -> WorkerDesk:
        """Return a desk for one time of acting or looking."""
        held = self.held
        return WorkerDesk(held.ledger, held.settings, held.run, self.profile, held.lease)


def work_deliveries(
    ledger: Ledger, settings: Settings, *, worker: str, until_idle: bool, executors: Mapping[str, Executor] | None = None,
    lease_seconds: int = LEASE_SECONDS, stop: threading.Event | None = None, pause_seconds: float = 1.0,
) -> int:  # fmt: skip
    """Take due runs one after the other and return how often one was taken.

    Args:
        worker: Who works, for the rows: a name of this process.
        until_idle: Return once every run has ended or waits for a person; else go on until `stop`.
        executors: The ways by name; None: those that have a file.
        lease_seconds: How soon another worker may take over from one that was killed.
        pause_seconds: How long one waits at most before looking again for due runs.
    """
    stopped, taken = stop or threading.Event(), 0
    while not stopped.is_set():
        try:
            if work_delivery(ledger, settings, None, worker=worker, executors=executors, lease_seconds=lease_seconds):
                taken += 1
                continue
            with ledger.read() as tx:
                due = deliveries.next_due(tx)
        except StoreUnavailable as error:
            LOG.warning("deliveries wait: %s", error.what)
            stopped.wait(STORE_WAIT_SECONDS)
            continue
        if due is None and until_idle:
            break
        left = (due - clock.now()).total_seconds() if due else pause_seconds
        stopped.wait(min(max(left, 0.02), pause_seconds))
    return taken


def work_one_delivery(
    ledger: Ledger, settings: Settings, run_id: str, *, worker: str, executors: Mapping[str, Executor] | None = None,
    within: timedelta = STAYS,
) -> dict[str, str | int]:  # fmt: skip
    """Carry one run on until it has ended, waits for a person, is another worker's, or is due only later than `within`.

    Returns:
        What it came to, for whoever reads the log of runs.
    """
    looks = 0
    while work_delivery(ledger, settings, run_id, worker=worker, executors=executors):
        looks += 1
        with ledger.read() as tx:
            run = deliveries.read_delivery(tx, run_id)
        if run is None or not run.is_open or run.needs_person or run.look_at - clock.now() > within:
            break
        threading.Event().wait(max(0.0, (run.look_at - clock.now()).total_seconds()) + 0.01)
    with ledger.read() as tx:
        run = deliveries.read_delivery(tx, run_id)
    if run is None:
        return {"taken": looks}
    return {
        "taken": looks,
        "run": run_id,
        "status": run.status.value,
        "outcome": run.outcome.value,
        "phase": run.phase.value,
    }


def work_delivery(
    ledger: Ledger, settings: Settings, run_id: str | None, *, worker: str, executors: Mapping[str, Executor] | None = None,
    lease_seconds: int = LEASE_SECONDS,
) -> str:  # fmt: skip
    """Take one run and carry it on as far as it goes now; returns its id, "" where none is due.

    Args:
        run_id: Which; None: the one that is due longest.

    Raises:
        StoreUnavailable: PostgreSQL does not answer; the run is another worker's once its lease has run out.
    """
    with ledger.housekeeping() as tx:
        run = deliveries.take_delivery(tx, run_id, worker, seconds=lease_seconds)
    if run is None:
        return ""
    with Lease(ledger, run, seconds=lease_seconds) as lease:
        try:
            _carry_on(ledger, settings, run, lease, find_executors() if executors is None else executors)
        except Fenced:
            LOG.warning("delivery %s is another worker's now: %s did nothing more", run.id, worker)
    return run.id


def _carry_on(
    ledger: Ledger, settings: Settings, run: Delivery, lease: Lease, executors: Mapping[str, Executor]
) -> None:
    with ledger.read() as tx:
        submission = read_submission(tx, run.submission_id)
        manifest = read_manifest(tx, run.manifest_id)
        row = portal_profiles.read_profile(tx, run.portal_profile_id)
    if submission is None or manifest is None:
        raise LookupError(f"the run {run.id} has no offer or no package")
    held = Held(ledger, settings, run, submission, lease)
    sweep(settings, run)
    executor = executors.get(run.executor)
    if executor is None:
        return _cannot_go_on(held, f"the product knows no way to deliver that is called {run.executor}")
    try:
        profile = parse_profile(row.body) if row else None
        work = Work(held, manifest, executor, profile, timing_of(profile))
        return _look(work) if run.outcome is Outcome.UNKNOWN else _deliver(work)
    except (Fenced, StoreUnavailable):
        raise
    except Exception as error:
        LOG.exception("delivery %s cannot be carried on", run.id)
        return _cannot_go_on(held, _said(error))


def _cannot_go_on(held: Held, why: str) -> None:
    """End what was not sent; leave to a person what may have arrived, as the row says it now."""
    if held.reread().outcome is Outcome.UNKNOWN:
        outcomes.to_person(held, f"It may have arrived, and cannot be looked for: {why}.")
    else:
        outcomes.fail(held, f"It cannot go out: {why}.")


def _deliver(work: Work) -> None:
    held = work.held
    outcomes.enter(
        held, Phase.CHECKING, "" if held.run.intended_at else "Approvals, hash and deadline are asked again."
    )
    with held.ledger.read() as tx:
        fault = fault_of_run(tx, held.run, held.submission, held.settings)
    if fault:
        return outcomes.fail(held, f"It cannot go out: {fault}.")
    outcomes.enter(held, Phase.STAGING)
    desk = work.desk()
    try:
        with staged(
            held.ledger, held.settings, held.run, held.submission, work.manifest, profile=work.profile
        ) as parcel:
            conclude = _act(work, parcel, desk)
    except StoreUnavailable as error:
        # Where the last act was begun and this was not heard of, the row says unknown, and the next worker only looks.
        return outcomes.put_down(held, Phase.WAITING, error.what, after=_before_due(work, STORE_PAUSE), is_fault=True)
    except (ProcuraError, OSError) as error:
        if desk.has_begun:
            raise
        return outcomes.fail(held, f"Nothing was sent: {_said(error)}")
    return conclude()


def _act(work: Work, parcel: Parcel, desk: WorkerDesk) -> Callable[[], None]:
    """Act on the staged package and return what is to be concluded; errors that go up came before the last act."""
    held = work.held
    if faults := work.executor.faults(parcel):
        return partial(outcomes.fail, held, " ".join(faults))
    desk.step(f"{len(parcel.files)} {'file' if len(parcel.files) == 1 else 'files'} read again: as they were signed.")
    if not parcel.is_dry_run:
        outcomes.intend(held, clock.now())
    started = clock.now()
    try:
        answer = work.executor.act(parcel, desk)
        if isinstance(answer, Handed) and not desk.has_begun:
            desk.begin_act()  # from now on the person may do it at any moment
    except DryRun:
        _measure(work, started)
        words = f"Everything up to the last act went well, in {in_words(clock.now() - started)}."
        return partial(outcomes.end_dry_run, held, words)
    except MayNotAct as reason:
        return partial(outcomes.fail, held, f"The last act did not begin: {reason}.")
    except Fenced:
        raise
    except Exception as error:
        if not desk.has_begun and _is_ours(error):
            raise
        LOG.warning("delivery %s: the executor %s broke", held.run.id, work.executor.name, exc_info=error)
        answer = Unknown(_said(error)) if desk.has_begun else NotDelivered(_said(error))
    if parcel.is_dry_run:
        return partial(_conclude_dry_run, held, answer)
    if isinstance(answer, Accepted | Transported):
        _measure(work, started)
    return partial(_conclude, work, answer)


def _is_ours(error: Exception) -> bool:
    """Whether the fault is on this side, so that trying once more at the other side mends nothing."""
    if isinstance(error, ProcuraError):
        return not isinstance(error, SourceUnavailable)
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def _conclude(work: Work, answer: Answer) -> None:
    held, timing = work.held, work.timing
    match answer:
        case Accepted(receipt):
            reconcile.accept_or_ask(held, receipt)
        case Refused(words, is_certain=True):
            outcomes.refuse(held, words)
        case Refused(words):
            reconcile.put_in_doubt(held, words, timing)
        case NotDelivered(words):
            _try_again(work, words)
        case Transported(words):
            reconcile.put_in_doubt(held, words, timing, transported_at=clock.now())
        case Unknown(words):
            reconcile.put_in_doubt(held, words, timing)
        case Handed(words):
            outcomes.to_person(held, words, is_handed_over=True)


def _conclude_dry_run(held: Held, answer: Answer) -> None:
    match answer:
        case Accepted(receipt):
            outcomes.end_dry_run(held, f"It is there already: the receipt is {receipt.number}.")
        case Refused(words):
            outcomes.refuse(held, words)
        case other:
            outcomes.fail(held, f"The dry run did not come to the last act: {other.words}")


def _try_again(work: Work, words: str) -> None:
    """Wait and act once more, as often as the profile says and patience lasts: it is certain that nothing arrived."""
    held, at = work.held, clock.now()
    run = held.reread()
    since = at - (run.intended_at or run.created_at)
    if run.attempt >= work.timing.attempts:
        return outcomes.fail(held, f"Nothing was delivered, and it was tried {run.attempt} times. {words}")
    if since >= work.timing.patience:
        return outcomes.fail(held, f"Nothing was delivered for {in_words(since)}. {words}")
    pause = _before_due(work, min(max(timedelta(seconds=1), since / 4), LONGEST_PAUSE))
    return outcomes.put_down(
        held, Phase.WAITING, f"{words} It is tried again in {in_words(pause)}.", after=pause, is_fault=True,
        outcome=Outcome.NONE.value,
    )  # fmt: skip


def _look(work: Work) -> None:
    """Look once for what may have arrived."""
    held, at = work.held, clock.now()
    if held.run.phase is not Phase.RECONCILING:
        # The worker that acted left no answer: what it sent may still be on its way.
        return reconcile.put_in_doubt(held, "The worker was cut off in the last act.", work.timing)
    finding: Finding
    try:
        with staged(
            held.ledger, held.settings, held.run, held.submission, work.manifest, profile=work.profile, with_bytes=False
        ) as parcel:
            finding = work.executor.look_up(parcel, work.desk())
    except Fenced:
        raise
    except Exception as error:
        LOG.warning("delivery %s: looking it up broke", held.run.id, exc_info=error)
        finding = Unclear(f"Looking for it broke: {_said(error)}")
    return reconcile.conclude(held, finding, work.timing, at=at)


def _before_due(work: Work, pause: timedelta) -> timedelta:
    """Shorten a pause near the deadline: a quarter of what is left."""
    due = work.held.submission.due_date
    return pause if due is None else max(timedelta(seconds=1), min(pause, (due - clock.now()) / 4))


def _measure(work: Work, started: datetime) -> None:
    """Remember how long it took: later deliveries refuse to start with less time than that."""
    run = work.held.run
    if run.portal_profile_id is not None:
        with work.held.ledger.housekeeping() as tx:
            portal_profiles.note_duration(tx, run.portal_profile_id, (clock.now() - started).total_seconds())


def _said(error: Exception) -> str:
    if isinstance(error, DiskFull | AuditBroken):
        return f"{error.what} {error.todo}".strip()
    if isinstance(error, ProcuraError):
        return error.what
    if isinstance(error, OSError):
        return f"{error.strerror or type(error).__name__}."
    return f"{type(error).__name__}: {error}"
