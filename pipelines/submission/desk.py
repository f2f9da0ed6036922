"""The desk of a worker: what an executor may do beside its own business, each time only while the run is this worker's.

Not here: what an executor is (executor.py), the lease (lease.py), what becomes of an answer (outcomes.py).
"""

import io
from collections.abc import Mapping

from pipelines.submission.delivery_refusals import delivery_refusals
from pipelines.submission.executor import DryRun, MayNotAct, Secret
from pipelines.submission.lease import Lease
from pipelines.submission.portals.credentials import open_secret
from pipelines.submission.portals.profile import PortalProfile
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.delivery import EvidenceKind
from warehouse.errors import NotPermitted
from warehouse.ledger import deliveries, submission_files
from warehouse.ledger.deliveries import Delivery
from warehouse.ledger.store import SYSTEM, Ledger
from warehouse.object_store import open_object_store
from warehouse.redaction import redact_text
from warehouse.settings import Settings

MOST_BYTES = 64 * 1024 * 1024
"""A message with everything attached; pictures and pages have some hundred kB."""
REWRITTEN = frozenset({EvidenceKind.PAGE, EvidenceKind.TRACE, EvidenceKind.ANSWER})
"""What the product wrote down itself, from which secrets are taken out; what others signed or sent stays byte for byte."""
TEXTS = ("text/", "application/json", "application/x-ndjson", "application/xml")


class WorkerDesk:
    """What one executor gets for one time of acting or looking."""

    def __init__(
        self, ledger: Ledger, settings: Settings, run: Delivery, profile: PortalProfile | None, lease: Lease
    ) -> None:
        self._ledger, self._settings, self._run, self._profile, self._lease = ledger, settings, run, profile, lease
        self.has_begun = False
        """Whether the last act was begun by this worker: from then on it may have arrived."""

    def step(self, words: str, *, is_fault: bool = False) -> None:
        """Tell what is being done, as the interface says."""
        said = redact_text(" ".join(words.replace("\x00", "").split())) or "…"
        with delivery_refusals(), self._ledger.housekeeping() as tx:
            self._lease.hold(tx)
            deliveries.add_step(tx, self._run.id, said, is_fault=is_fault)

    def keep(self, kind: EvidenceKind, name: str, data: bytes, *, media_type: str) -> int:
        """Keep what was seen, as the interface says; nothing at all is kept as one line end."""
        self._lease.check()
        kept = _without_secrets(kind, data, media_type) or b"\n"
        stored = open_object_store(self._settings).put(io.BytesIO(kept), limit=MOST_BYTES)
        tidy = redact_text(" ".join(name.replace("\x00", "").split()))[:200] or kind.value
        with delivery_refusals(), self._ledger.housekeeping() as tx:
            self._lease.hold(tx)
            for one in deliveries.evidence_of(tx, self._run.id):
                if (one.kind, one.name, one.sha256) == (kind, tidy, stored.sha256):
                    return one.position  # each look for it meets the same letters again
            submission_files.hold_bytes(tx, stored.path)
            return deliveries.add_evidence(
                tx, self._run.id, kind, name=tidy, media_type=media_type, sha256=stored.sha256, size=stored.size,
                path=stored.path,
            )  # fmt: skip

    def secret(self, name: str, *, host: str) -> Secret:
        """Return a credential of the profile, as the interface says."""
        self._lease.check()
        if self._profile is None:
            raise NotPermitted("This way to deliver has no profile, and so no credential.", kept="every secret.")
        return open_secret(self._ledger, self._profile, name, host=host)

    def begin_act(self) -> None:
        """Begin the last act, as the interface says: everything that lets the package out is asked once more."""
        if self._run.is_dry_run:
            self._lease.check()
            raise DryRun("the last act is reached, and this is a dry run")
        if self.has_begun:
            raise MayNotAct("the last act was begun already")
        self._lease.check()
        fault = ""
        facts: Mapping[str, str | int] = {"run": self._run.id, "manifest_hash": self._run.manifest_hash}
        event = AuditEvent(
            "delivery:act_begun", self._run.submission_id, SYSTEM, facts, submission_ref=self._run.submission_id
        )
        with delivery_refusals(), self._ledger.deed(event) as deed:
            fault = deliveries.begin_act(deed, self._run.id, self._run.fence, seconds=self._lease.seconds)
            if fault:
                deed.nothing_happened()
        if fault:
            raise MayNotAct(fault.replace("_", " "))
        self.has_begun = True


def _without_secrets(kind: EvidenceKind, data: bytes, media_type: str) -> bytes:
    if kind not in REWRITTEN or not media_type.startswith(TEXTS):
        return data
    text = data.decode("utf-8", "surrogateescape")
    clean = redact_text(text)
    return data if clean == text else clean.encode("utf-8", "surrogateescape")
