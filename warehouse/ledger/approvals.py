"""Reading chains of signatures, queues and who could sign; and the functions with which an offer moves.

Which rows come is row security's to say; who may sign is asked by the functions themselves (0009_approvals.sql). Not here:
the rule itself and who stands in for whom (approval_rules.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from warehouse.domain.access import Department
from warehouse.domain.approval import ChainStep
from warehouse.domain.submission import ApprovalStatus, SubmissionStatus
from warehouse.ledger.store import Deed, Parameters, Row, Transaction

CHAIN = (
    "select w.id::text as id, w.manifest_id::text as manifest_id, w.manifest_hash, w.position, w.step_name as name, w.department,"
    " w.status::text as status, w.approver_id::text as approver_id, coalesce(a.email, '') as approver, w.decided_at,"
    " coalesce(w.reason, '') as reason, coalesce(b.email, '') as on_behalf_of, coalesce(w.session_hash, '') as session_hash, w.voided_at"
    " from approval_workflows w left join profiles a on a.id = w.approver_id left join profiles b on b.id = w.on_behalf_of"
)
STANDING_IN = (
    "from approval_delegations d join profiles f on f.id = d.from_id where d.revoked_at is null"
    " and (now() at time zone 'UTC')::date between d.starts_on and d.ends_on"
)


@dataclass(frozen=True)
class Officer:
    """An officer who could sign a step.

    Attributes:
        stands_in_for: The address of who is away and asked for it; "" for nobody.
        is_away: Whether somebody stands in for this officer today.
    """

    id: str
    email: str
    stands_in_for: str = ""
    is_away: bool = False


def chain_of(tx: Transaction, manifest_id: str | None) -> list[ChainStep]:
    """Return the steps of one package in their order; none for no package."""
    return _chain(tx, "w.manifest_id = as_uuid(%s)", [manifest_id]) if manifest_id else []


def chains_of(tx: Transaction, submission_id: str) -> dict[str, list[ChainStep]]:
    """Return the steps of every package that an offer ever sent, by the manifest's id, the first package first."""
    found: dict[str, list[ChainStep]] = {}
    for step in _chain(tx, "w.submission_id = as_uuid(%s)", [submission_id]):
        found.setdefault(step.manifest_id, []).append(step)
    return found


def _chain(tx: Transaction, where: str, parameters: Parameters) -> list[ChainStep]:
    rows = tx.rows(f"{CHAIN} where {where} order by w.created_at, w.position", parameters)
    return [_step(row) for row in rows]


def _step(row: Row) -> ChainStep:
    return ChainStep(
        **{**row, "department": Department(row["department"]), "status": ApprovalStatus(row["status"])}
    )  # fmt: skip


def open_chains(tx: Transaction) -> dict[str, list[ChainStep]]:
    """Return the steps of every package that is being signed, by the manifest's id."""
    found: dict[str, list[ChainStep]] = {}
    offers = "select s.manifest_id from submissions s where s.status = 'pending_approval'"
    for step in _chain(tx, f"w.manifest_id in ({offers})", []):
        found.setdefault(step.manifest_id, []).append(step)
    return found


def is_author(tx: Transaction, submission_ids: Sequence[str], profile_id: str) -> set[str]:
    """Return those of the offers that a person ever owned or changed."""
    rows = tx.rows(
        "select submission_id::text as id from submission_authors where submission_id = any(%s::uuid[]) and profile_id = as_uuid(%s)",
        [list(submission_ids), profile_id],
    )
    return {row["id"] for row in rows}


def authors_of(tx: Transaction, submission_id: str) -> dict[str, str]:
    """Return who ever owned or changed what an offer says: profile ids with addresses. None of them may sign it."""
    rows = tx.rows(
        "select a.profile_id::text as id, p.email from submission_authors a join profiles p on p.id = a.profile_id"
        " where a.submission_id = as_uuid(%s) order by a.first_at, p.email",
        [submission_id],
    )
    return {row["id"]: row["email"] for row in rows}


def who_could_sign(tx: Transaction, submission_id: str, manifest_id: str, department: Department) -> list[Officer]:
    """Return the officers of a department who could sign a step of a package now, by address.

    Those who own, share or worked on the offer are left out, and those who signed another step of the package.
    """
    rows = tx.rows(
        f"select p.id::text as id, p.email, coalesce((select f.email {STANDING_IN} and d.to_id = p.id"  # noqa: S608 - the text is above
        f"   order by d.set_at limit 1), '') as stands_in_for, exists (select {STANDING_IN} and d.from_id = p.id) as is_away"
        " from profiles p where p.role = 'contract_officer' and not p.is_disabled and p.department = %(department)s"
        " and not exists (select from submissions s where s.id = as_uuid(%(offer)s) and s.owner_id = p.id)"
        " and not exists (select from submission_members m where m.submission_id = as_uuid(%(offer)s) and m.profile_id = p.id)"
        " and not exists (select from submission_authors a where a.submission_id = as_uuid(%(offer)s) and a.profile_id = p.id)"
        " and not exists (select from approval_workflows w where w.manifest_id = as_uuid(%(manifest)s) and w.approver_id = p.id)"
        " order by p.email",
        {"offer": submission_id, "manifest": manifest_id, "department": department.value},
    )
    return [Officer(**row) for row in rows]


def decided_by(tx: Transaction, profile_id: str, *, limit: int) -> list[tuple[str, ChainStep]]:
    """Return what a person signed or rejected, as (offer, step), the latest first."""
    rows = tx.rows(
        f"select w.submission_id::text as offer, x.* from ({CHAIN}) x join approval_workflows w on w.id = as_uuid(x.id)"  # noqa: S608 - the text is above
        " where x.approver_id = %s order by x.decided_at desc limit %s",
        [profile_id, limit],
    )
    return [(str(row.pop("offer")), _step(row)) for row in rows]


def fully_signed(tx: Transaction, *, before: datetime | None) -> list[str]:
    """Return the offers whose last step was signed at or before an instant, if one is given, and whose package is not frozen yet."""
    rows = tx.rows(
        "select s.id::text as id from submissions s where s.status = 'pending_approval' and s.approval_status = 'finance_approved'"
        " and (%(before)s::timestamptz is null or (select max(w.decided_at) from approval_workflows w"
        " where w.manifest_id = s.manifest_id) <= %(before)s) order by s.id",
        {"before": before},
    )
    return [row["id"] for row in rows]


def start(deed: Deed, submission_id: str, manifest_id: str, version: int) -> None:
    """Move a draft to pending approval with the steps of the rule."""
    deed.execute("select start_approval(%s::uuid, %s::uuid, %s)", [submission_id, manifest_id, version])


def sign(
    deed: Deed, submission_id: str, wanted_hash: str, session: bytes | None, *, approves: bool, reason: str
) -> ApprovalStatus:
    """Sign or reject the open step; returns how far the signatures are then."""
    row = deed.row(
        "select sign_step(%s::uuid, %s, %s, %s, %s)::text as reached",
        [submission_id, wanted_hash, session, approves, reason],
    )
    return ApprovalStatus(_reached(row))


def freeze(deed: Deed, submission_id: str) -> None:
    """Freeze a package that all have signed: the offer is approved."""
    deed.execute("select freeze_package(%s::uuid)", [submission_id])


def take_back(deed: Deed, submission_id: str, reason: str) -> SubmissionStatus:
    """Move an offer back in its owner's name; returns where it is then."""
    row = deed.row("select take_back(%s::uuid, %s)::text as reached", [submission_id, reason])
    return SubmissionStatus(_reached(row))


def _reached(row: Row | None) -> str:
    if row is None:
        raise LookupError("a function of the ledger gave no answer")
    return str(row["reached"])


def void_changed(deed: Deed, submission_id: str, wanted_hash: str, reason: str) -> SubmissionStatus | None:
    """Void a package whose bytes are not what was signed; None where another package stands by now."""
    row = deed.row("select void_changed_package(%s::uuid, %s, %s) as reached", [submission_id, wanted_hash, reason])
    return SubmissionStatus(row["reached"]) if row and row["reached"] else None


def people_of(owner_id: str, members: Sequence[str]) -> list[str]:
    """Return the ids of the people who work on an offer."""
    return [owner_id, *members]
