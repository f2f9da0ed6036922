"""Many deliveries at once to the rehearsal portal with its faults, by worker processes that are killed; and what came of it.

Nothing is in memory that counts: the portal's file says what arrived, the ledger says what the product believes.
"""

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.submission.deliver import start_delivery
from tests.factories_approvals import ready_offer, send, sign_as, signed_in
from tests.factories_deliveries import put_into_use
from tests.factories_people import new_person
from tests.fakes.portal.profile import OFFICE_LINE, profile_text
from tests.fakes.portal.running import RunningPortal
from tests.fakes.portal.site import ACCOUNTS
from warehouse import clock
from warehouse.domain.access import Department
from warehouse.domain.delivery import Outcome, reference_of
from warehouse.ledger.deliveries import read_delivery
from warehouse.ledger.package_manifests import Manifest
from warehouse.ledger.store import open_ledger
from warehouse.settings import ROOT, Settings

SHARES = {"busy": 0.10, "drop_before": 0.05, "hang_after": 0.10, "error_after": 0.10, "drop_after": 0.07, "late": 0.02}
"""What goes wrong at the last button, of one press in all."""
SETTLE_SECONDS, OUTCOME_SECONDS, LATE_SECONDS = 2, 6, 1.5
LEASE_SECONDS = 15
FRESH_SIGNERS_EVERY = 25
"""A proven password opens signing for ten minutes."""


@dataclass(frozen=True)
class Sent:
    """One offer that was handed to the product."""

    offer: str
    manifest: Manifest
    run: str

    @property
    def reference(self) -> str:
        """Our own reference of its package."""
        return reference_of(self.manifest.id)


def use_portal(portal: RunningPortal) -> None:
    """Let an admin upload and activate the portal's profile, with its credentials."""
    text = profile_text(
        portal.address,
        settle_seconds=SETTLE_SECONDS,
        outcome_seconds=OUTCOME_SECONDS,
        attempts=10,
        patience_seconds=7200,
    )
    put_into_use(text, {"user": "bidder", "password": ACCOUNTS["bidder"]})


def start_offers(portal: RunningPortal, settings: Settings, count: int) -> list[Sent]:
    """Bring so many offers through their signatures, each with bytes of its own, and start their deliveries."""
    owner, legal, finance = (
        new_person(),
        new_person(department=Department.LEGAL),
        new_person(department=Department.FINANCE),
    )
    fields = {
        "portal_profile": "rehearsal",
        "portal_address": portal.address.replace("http://", "https://"),
        "entries": OFFICE_LINE,
    }
    sent = []
    for number in range(count):
        if number % FRESH_SIGNERS_EVERY == 0:
            legal, finance = signed_in(legal), signed_in(finance)
        files = {
            "Volume I.txt": f"Our approach to number {number}.\n".encode() * (1 + number % 40),
            "Volume II.txt": f"Price {number}.".encode(),
        }
        offer = ready_offer(owner, executor="browser", fields=fields, files=files, title=f"Pump station {number}")
        manifest = send(offer, owner)
        sign_as(offer, manifest, legal)
        sign_as(offer, manifest, finance)
        run = start_delivery(
            open_ledger(), offer, manifest.hash, is_dry_run=False, settings=settings, at=clock.now(), by=owner
        )
        sent.append(Sent(offer, manifest, run))
    return sent


@dataclass
class Crew:
    """Worker processes, of which any is killed at any moment and replaced by a new one."""

    size: int
    rng: random.Random
    kills: int = 0
    started: int = 0
    members: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def keep_up(self) -> None:
        """Start as many as are missing."""
        self.members = [one for one in self.members if one.poll() is None]
        while len(self.members) < self.size:
            self.started += 1
            command = [
                sys.executable,
                "-m",
                "tests.flows.campaign_worker",
                f"worker-{self.started}",
                str(LEASE_SECONDS),
            ]
            self.members.append(subprocess.Popen(command, cwd=ROOT))

    def kill_one(self) -> None:
        """Kill one that lives, without a warning."""
        victim = self.rng.choice([one for one in self.members if one.poll() is None] or self.members)
        victim.kill()
        victim.wait()
        self.kills += 1

    def end(self) -> None:
        """Wait for those that end by themselves, and kill the others."""
        for one in self.members:
            try:
                one.wait(60)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()


def states() -> Counter[str]:
    """Count the runs by where they stand; `person` for those that wait for one."""
    statement = (
        "select case when ended_at is null and needs_person <> '' then 'person' when ended_at is null then 'open'"
        " else status::text || ' ' || outcome end as state, count(*) as n from submission_runs group by 1"
    )
    with open_ledger().read() as tx:
        return Counter({row["state"]: row["n"] for row in tx.rows(statement)})


def what_is_open(*, most: int = 5) -> str:
    """Return the last steps of some runs that have not ended, for who looks why."""
    with open_ledger().read() as tx:
        runs = tx.rows(
            "select id::text as id, number, phase, outcome, attempt, absences, worker, look_at - now() as due, lease_until - now() as lease"
            " from submission_runs where ended_at is null and needs_person = '' limit %s",
            [most],
        )
        found = []
        for run in runs:
            steps = tx.rows(
                "select at, words from delivery_steps where run_id::text = %s order by position desc limit 25",
                [run["id"]],
            )
            found += [str(run), *(f"    {step['at']:%H:%M:%S} {step['words']}" for step in reversed(steps))]
    return "\n".join(found)


def carry_on(count: int, *, workers: int, kills: int, seconds: float, rng: random.Random) -> Crew:
    """Let workers deliver until no run is left that the product works on, killing them on the way."""
    crew, until, next_kill = Crew(workers, rng), time.monotonic() + seconds, 0.0
    try:
        while True:
            now = states()
            if not now["open"]:
                break
            assert time.monotonic() < until, f"after {seconds:g} s: {dict(now)}\n{what_is_open()}"
            crew.keep_up()
            done = count - now["open"]
            if crew.kills < min(kills, kills * 1.2 * (done + 1) / count) and time.monotonic() > next_kill:
                crew.kill_one()
                next_kill = time.monotonic() + rng.uniform(0.1, 3.0)
            time.sleep(0.1)  # a poll: the runs are worked on by other processes
    finally:
        crew.end()
    return crew


def is_delivered(run_id: str) -> bool:
    """Whether a run ended with a receipt."""
    with open_ledger().read() as tx:
        run = read_delivery(tx, run_id)
    return run is not None and run.outcome is Outcome.ACCEPTED


@dataclass(frozen=True)
class Balance:
    """What the portal has against what the product believes."""

    states: Counter[str]
    duplicates: list[str]
    lost: list[str]
    unproven: list[str]
    wrong_receipts: list[str]
    wrong_bytes: list[str]
    presses: Counter[str]
    looks: int

    def faults(self) -> list[str]:
        """Return everything that must not be."""
        named = {
            "there twice": self.duplicates, "there, and not known to be": self.lost, "submitted without a receipt": self.unproven,
            "with another receipt than the portal's": self.wrong_receipts, "with other bytes": self.wrong_bytes,
        }  # fmt: skip
        return [f"{len(found)} {what}: {found[:5]}" for what, found in named.items() if found]


def balance(portal: RunningPortal, sent: Sequence[Sent]) -> Balance:
    """Compare the portal's file with the ledger's rows."""
    arrived: dict[str, list[object]] = {}
    offers = {offer.number: offer for offer in portal.store.offers()}
    for offer in offers.values():
        arrived.setdefault(offer.reference, []).append(offer.number)
    with open_ledger().read() as tx:
        runs = {
            row["id"]: row
            for row in tx.rows(
                "select id::text as id, status::text as status, outcome, receipt_id, needs_person from submission_runs"
            )
        }
        unproven = tx.rows(
            "select s.id::text as id from submissions s where s.status = 'submitted' and not exists (select from receipts r"
            " join delivery_evidence e on e.id = r.evidence_id where r.submission_id = s.id and r.manifest_id = s.manifest_id"
            " and r.discarded_at is null and position(r.receipt_number in r.quote) > 0)"
        )
        looks = tx.row("select count(*) as n from delivery_steps where words like 'Look up 1:%%'")
    lost, wrong_receipts, wrong_bytes = [], [], []
    for one in sent:
        run, there = runs[one.run], arrived.get(one.reference, [])
        if there and run["status"] != "success" and not run["needs_person"]:
            lost.append(one.reference)
        if run["status"] == "success":
            if [run["receipt_id"]] != there:
                wrong_receipts.append(one.reference)
                continue
            files = {file.name: file.sha256 for file in portal.store.files_of(offers[run["receipt_id"]])}
            if files != {str(entry["name"]): str(entry["sha256"]) for entry in one.manifest.body["files"]}:
                wrong_bytes.append(one.reference)
    return Balance(
        states(), [reference for reference, there in arrived.items() if len(there) > 1], lost,
        [row["id"] for row in unproven], wrong_receipts, wrong_bytes,
        Counter(press.fault or "none" for press in portal.store.presses()), looks["n"] if looks else 0,
    )  # fmt: skip
