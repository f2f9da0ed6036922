"""The Dashboard's first lines: what needs who looks at it, by role and department, each number the way to its things."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import streamlit as st

from app.page import FOLDER, find_pages
from app.widgets import deadline, submission_names, waiting
from app.widgets.text import plain
from pipelines.administration.audit_log import log_state
from warehouse import clock, settings
from warehouse.domain.access import Action, Department, Person, Role, may
from warehouse.ledger.my_day import OffersOnTheirWay, housekeeping, offers_on_their_way, own_work
from warehouse.ledger.store import open_ledger
from warehouse.ledger.submissions import Submission, list_submissions

AHEAD = timedelta(days=3)
KEYS_AHEAD = timedelta(days=14)
MOST_OFFERS = 6
LINE = 60
Parameters = dict[str, str | list[str]]


@dataclass(frozen=True)
class Tile:
    """One number with its way; a number that presses is coloured, and says why in words."""

    label: str
    count: int
    page: str
    help: str
    parameters: Parameters = field(default_factory=dict)
    colour: str = "orange"


def draw(person: Person) -> None:
    """Draw what is for this person; nothing where nothing needs them and nothing is under way."""
    at = clock.now()
    offers: Sequence[Submission] = ()
    if person.role is Role.ADMIN:
        tiles = _of_admin(person, at)
    elif person.role is Role.CONTRACT_OFFICER:
        tiles, offers = _of_officer(person, at)
    else:
        tiles = _of_reader(person)
    if not tiles and not offers:
        return
    st.subheader("For you", anchor=False)
    _draw_tiles(tiles)
    for offer in offers[:MOST_OFFERS]:
        _draw_offer(offer, at)
    if len(offers) > MOST_OFFERS:
        st.page_link("pages/submissions.py", label=f"All {len(offers)} of yours", query_params={"owner": "me"})


def _of_officer(person: Person, at: datetime) -> tuple[list[Tile], Sequence[Submission]]:
    with open_ledger().read(person) as tx:
        work = own_work(tx, person.id, at=at, ahead=AHEAD)
        offers = list_submissions(
            tx,
            "s.closed_at is null and s.status <> 'submitted' and (s.owner_id = %(me)s"
            " or exists (select from submission_members m where m.submission_id = s.id and m.profile_id = %(me)s))",
            {"me": person.id},
        )
    mine: Parameters = {"owner": "me"}
    tiles = [
        Tile(
            "Needs you", waiting.count_for(person), "needs_you", "Deliveries in doubt or handed over, receipts to confirm.",
            colour="red",
        ),
        Tile("To sign", _to_sign(person), "approvals", "Packages that wait for your signature.", colour="blue"),
        Tile("Points overdue", work.points_overdue, "submissions", "Points of checklists that are yours.", mine, "red"),
        Tile("Points due in 3 days", work.points_soon, "submissions", "Points of checklists that are yours.", mine),
        Tile(
            "Rejected", work.rejected, "submissions", "Your offers that an approver sent back.",
            mine | {"state": "rejected"}, "red",
        ),
        Tile("Notices changed", work.changed, "submissions", "Changes of notices that nobody has acknowledged.", mine),
    ]  # fmt: skip
    is_signer = person.department in (Department.LEGAL, Department.FINANCE)
    return [tile for tile in tiles if tile.count or (tile.label == "To sign" and is_signer)], offers


def _to_sign(person: Person) -> int:
    from pipelines.submission.approval_queue import my_queue

    return sum(not item.why_not for item in my_queue(open_ledger(), by=person))


def _of_admin(person: Person, at: datetime) -> list[Tile]:
    with open_ledger().read(person) as tx:
        found = housekeeping(tx, at=at, ahead=KEYS_AHEAD)
        offers = offers_on_their_way(tx)
    return [
        Tile("Sources in trouble", found.sources_failing, "sources", "Their last run failed, or their key did.", colour="red"),
        Tile("Keys ending", found.credentials_ending, "credentials", "Refused, or to end within 14 days."),
        Tile(
            "Without second factor", found.without_second_factor, "admin",
            f"Of {found.people:,} people who can sign in.",
        ),
        Tile("Messages failed", found.sends_failed, "inbox", "Mail and hooks, in seven days; all are in the Inboxes.", colour="red"),
        *_of_firm(offers),
    ]  # fmt: skip


def _of_reader(person: Person) -> list[Tile]:
    with open_ledger().read(person) as tx:
        return _of_firm(offers_on_their_way(tx))


def _of_firm(offers: OffersOnTheirWay) -> list[Tile]:
    states = (
        ("Drafts", offers.draft, "draft"),
        ("Waiting for signatures", offers.pending_approval, "pending_approval"),
        ("Approved", offers.approved, "approved"),
    )
    return [
        Tile(label, count, "submissions", "Offers that you see.", {"state": state}, "gray")
        for label, count, state in states
        if count
    ]


def _draw_tiles(tiles: Sequence[Tile]) -> None:
    known = {path.stem for path in find_pages().by_file if path.parent == FOLDER}
    with st.container(horizontal=True):
        for tile in tiles:
            with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small", width="content"):
                shown = f"{tile.count:,}"
                st.markdown(f"**{f':{tile.colour}[{shown}]' if tile.count else shown}**", width="content")
                if tile.page in known:
                    st.page_link(
                        f"pages/{tile.page}.py", label=tile.label, query_params=tile.parameters, help=tile.help,
                        width="content",
                    )  # fmt: skip
                else:
                    st.markdown(tile.label, width="content", help=tile.help)


def _draw_offer(offer: Submission, at: datetime) -> None:
    instant = offer.safe_deadline_at if offer.safe_deadline_at and offer.safe_deadline_at >= at else offer.due_date
    left = deadline.coloured(deadline.left(instant, at), deadline.urgency(instant, at)) if instant else "no deadline"
    title = offer.title if len(offer.title) <= LINE else offer.title[: LINE - 1].rstrip() + "…"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(left, width=110)
        st.markdown(submission_names.status(offer.status), width="content")
        st.page_link(
            "pages/workspace.py",
            label=plain(title),
            query_params={"id": offer.id},
            help=plain(offer.title),
            width="content",
        )


def draw_log(person: Person) -> None:
    """Say in one line when the audit log last held, to whoever may read it."""
    if not may(person, Action.READ_AUDIT_LOG):
        return
    found = log_state(open_ledger(), settings.current(), by=person)
    if found.failing:
        st.markdown(":red-badge[audit log: needs a look]")
    elif found.accepted_at:
        when = deadline.moment(datetime.fromisoformat(found.accepted_at), deadline.reader_zone())
        st.caption(f"Audit log: verified {when}, all {found.accepted:,} records held.")
    else:
        st.caption("Audit log: not verified yet.")
