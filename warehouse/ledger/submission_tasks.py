"""Points of an offer's checklist: reading and writing rows. Which rows come is row security's to say.

Not here: rules (warehouse/domain/checklist.py), deeds and rights (pipelines/submission/checklist*.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from warehouse.domain.access import Department
from warehouse.domain.checklist import Chosen, NoticeFacts, Reliance
from warehouse.ledger.store import Deed, Row, Transaction


@dataclass(frozen=True)
class TaskRow:
    """One point of a checklist; instants are UTC, people's ids are profiles'.

    Attributes:
        template_key: Template and point; None: added by hand or found in the text.
        locked: Only `department` ticks it.
        due_before_days: With `due_before_minutes` how long before the deadline it is due: it moves with it. Both None: a fixed
            instant, or none.
        evidence_wanted: What would prove it, in words.
        evidence_name: The attached file's name; `evidence_status` what its scan said, "removed" once it was taken out.
        quote: The words of the notice that ask for it, at character `quote_start` of its `quote_field`.
        waived_reason: Why it does not apply; counts as done.
    """

    id: str
    submission_id: str
    position: int
    title: str
    detail: str
    template_key: str | None
    is_required: bool
    locked: bool
    department: Department | None
    owner_id: str | None
    owner_email: str | None
    due_at: datetime | None
    due_before_days: int | None
    due_before_minutes: int | None
    depends_on: tuple[str, ...]
    relies_on: frozenset[Reliance]
    evidence_wanted: str
    evidence_file_id: str | None
    evidence_name: str | None
    evidence_status: str | None
    quote: str | None
    quote_field: str | None
    quote_start: int | None
    waived_reason: str | None
    completed: bool
    completed_at: datetime | None
    completed_by: str | None
    completer_email: str | None
    version: int
    created_at: datetime

    @property
    def is_done(self) -> bool:
        """Ticked, or waived with a reason."""
        return self.completed or self.waived_reason is not None

    @property
    def is_own(self) -> bool:
        """Whether people made it, or the text did: such a point can be removed."""
        return self.template_key is None


@dataclass(frozen=True)
class NewPoint:
    """A point to be written."""

    id: str
    title: str
    detail: str = ""
    template_key: str | None = None
    is_required: bool = True
    locked: bool = False
    department: Department | None = None
    owner_id: str | None = None
    due_at: datetime | None = None
    due_before_days: int | None = None
    due_before_minutes: int | None = None
    depends_on: tuple[str, ...] = ()
    relies_on: frozenset[Reliance] = frozenset()
    evidence_wanted: str = ""
    quote: str | None = None
    quote_field: str | None = None
    quote_start: int | None = None


QUERY = (
    "select t.id::text as id, t.submission_id::text as submission_id, t.position, t.title, t.detail, t.template_key, t.is_required,"
    " t.locked, t.department, t.owner_id::text as owner_id, o.email as owner_email, t.due_at, t.due_before_days, t.due_before_minutes,"
    " t.depends_on::text[] as depends_on, t.relies_on, t.evidence_wanted, t.evidence_file_id::text as evidence_file_id,"
    " f.file_name as evidence_name, case when f.removed_at is not null then 'removed' else f.scan_status end as evidence_status,"
    " t.quote, t.quote_field, t.quote_start, t.waived_reason, t.completed, t.completed_at, t.completed_by::text as completed_by,"
    " c.email as completer_email, t.version, t.created_at"
    " from submission_tasks t left join profiles o on o.id = t.owner_id left join profiles c on c.id = t.completed_by"
    " left join submission_files f on f.id = t.evidence_file_id"
)
CHANGEABLE = frozenset(
    {
        "title", "detail", "position", "owner_id", "due_at", "due_before_days", "due_before_minutes", "depends_on",
        "evidence_file_id", "waived_reason", "completed", "completed_at", "completed_by",
    }
)  # fmt: skip


def list_tasks(tx: Transaction, submission_id: str) -> list[TaskRow]:
    """Return the points of an offer's checklist in their order."""
    rows = tx.rows(
        f"{QUERY} where t.submission_id = as_uuid(%s) order by t.position, t.created_at, t.id", [submission_id]
    )
    return [_to_task(row) for row in rows]


def read_task(tx: Transaction, task_id: str) -> TaskRow | None:
    """Return one point, or None where there is none that the person may see."""
    row = tx.row(f"{QUERY} where t.id = as_uuid(%s)", [task_id])
    return _to_task(row) if row else None


def insert_tasks(deed: Deed, submission_id: str, points: Sequence[NewPoint], *, at: datetime) -> None:
    """Write points behind those that are there, in their order."""
    row = deed.row(
        "select coalesce(max(position), 0) as last from submission_tasks where submission_id = as_uuid(%s)",
        [submission_id],
    )
    first = int(row["last"]) + 1 if row else 1
    for position, point in enumerate(points, first):
        deed.execute(
            "insert into submission_tasks (id, submission_id, position, title, detail, template_key, is_required, locked, department,"
            " owner_id, due_at, due_before_days, due_before_minutes, depends_on, relies_on, evidence_wanted, quote, quote_field,"
            " quote_start, created_at) values (%(id)s, %(submission_id)s, %(position)s, %(title)s, %(detail)s, %(template_key)s,"
            " %(is_required)s, %(locked)s, %(department)s, %(owner_id)s, %(due_at)s, %(due_before_days)s, %(due_before_minutes)s,"
            " %(depends_on)s::uuid[], %(relies_on)s, %(evidence_wanted)s, %(quote)s, %(quote_field)s, %(quote_start)s, %(at)s)",
            {
                **vars(point), "submission_id": submission_id, "position": position, "at": at,
                "department": point.department.value if point.department else None,
                "depends_on": list(point.depends_on), "relies_on": sorted(r.value for r in point.relies_on),
            },
        )  # fmt: skip


def update_task(deed: Deed, task_id: str, version: int, values: Mapping[str, Any]) -> bool:
    """Write columns of a point and let its version grow; False where it is not as it was seen, or not the person's to change.

    Args:
        version: The version upon which the change was made.
    """
    if not values.keys() <= CHANGEABLE:
        raise KeyError(f"not to be changed: {sorted(values.keys() - CHANGEABLE)}")
    columns = "".join(
        f"{name} = %({name})s{'::uuid[]' if name == 'depends_on' else ''}, " for name in sorted(values)
    )  # fmt: skip
    done = deed.execute(
        f"update submission_tasks set {columns} version = version + 1 where id = %(id)s and version = %(version)s",  # noqa: S608 - own column names
        {**values, "id": task_id, "version": version},
    )
    return done.rowcount == 1


def delete_task(deed: Deed, task_id: str, version: int) -> bool:
    """Remove a point; False where row security keeps it, or it is not as it was seen."""
    return deed.execute("delete from submission_tasks where id = %s and version = %s", [task_id, version]).rowcount == 1


def last_deed(tx: Transaction, submission_id: str, task_id: str) -> tuple[str, str] | None:
    """Return who touched a point last (address, or "" for the product) and what they did (subject:verb)."""
    row = tx.row(
        "select l.action, p.email from audit_logs l left join profiles p on p.id = as_uuid(l.actor)"
        " where l.submission_ref = %s and l.subject = %s order by l.seq desc limit 1",
        [submission_id, task_id],
    )
    return (row["email"] or "", row["action"]) if row else None


@dataclass(frozen=True)
class NoticeOfOffer:
    """What a checklist is made from: facts for conditions, and the texts in which points are looked for."""

    facts: NoticeFacts
    texts: Mapping[str, str]
    """By field: title, description; byte for byte as stored."""


def read_notice(tx: Transaction, opportunity_id: str) -> NoticeOfOffer:
    """Return what the checklist of an offer to this opportunity is made from."""
    row = tx.row(
        "select source, notice_type, coalesce(set_aside_code, '') as set_aside_code, coalesce(naics_code, '') as naics_code,"
        " coalesce(psc_code, '') as psc_code, concat_ws(' ', agency, sub_agency) as agency, attachment_urls <> '{}' as has_attachments,"
        " due_date is not null as has_deadline, title, coalesce(description, '') as description from opportunities where id = %s",
        [opportunity_id],
    )
    if row is None:
        raise LookupError(opportunity_id)
    texts = {"title": row.pop("title"), "description": row.pop("description")}
    return NoticeOfOffer(NoticeFacts(**row), texts)


def missing(tasks: Iterable[TaskRow], chosen: Iterable[Chosen]) -> tuple[Chosen, ...]:
    """Return the points of templates that a checklist has not got; told by their key, whichever template they came from."""
    there = {_key(task.template_key) for task in tasks if task.template_key}
    return tuple(one for one in chosen if _key(one.template_key) not in there)


def _key(template_key: str) -> str:
    return template_key.partition("/")[2]


def _to_task(row: Row) -> TaskRow:
    return TaskRow(
        **{
            **row,
            "department": Department(row["department"]) if row["department"] else None,
            "depends_on": tuple(row["depends_on"]),
            "relies_on": frozenset(Reliance(name) for name in row["relies_on"]),
        }
    )
