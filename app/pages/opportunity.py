"""One opportunity: should we bid, and why? The verdict, the deadline, what changed, the whole notice, the decision."""

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import (
    amendments,
    assessment,
    deadline,
    grant,
    incumbents,
    money,
    names,
    reliability,
    score,
    second_look,
    state,
    stories,
    submission_open,
)
from app.widgets.decide import draw_decision, draw_note
from app.widgets.marked_text import marked
from app.widgets.text import addresses, link, mail, plain, readable
from warehouse import clock
from warehouse.domain.access import Action, Person
from warehouse.domain.fit import Recommendation
from warehouse.ledger.assessments import Kept, assessments_of
from warehouse.ledger.opportunities import OpportunityDetail, read_opportunity
from warehouse.ledger.store import open_ledger
from warehouse.ledger.system_settings import read_settings

PAGE = PageInfo(
    "Opportunity", Section.FIND, 3, "One opportunity whole.", needs=Action.READ_OPPORTUNITIES, is_listed=False
)


def render() -> None:
    """Draw the opportunity that the address names."""
    person = session.person()
    wanted = st.query_params.get("id", "")
    with open_ledger().read(person) as tx:
        named = read_opportunity(tx, wanted) if wanted else None
        survivor = read_opportunity(tx, named.merged_into) if named and named.merged_into else None
        found = survivor or named
        kept = assessments_of(tx, found.row.id) if found else []
        provider = read_settings(tx).get("llm_provider", "offline")
    if named is None or found is None:
        st.title("Opportunity")
        why = "The link names none, or it was closed and nobody had touched it." if wanted else "The link names none."
        state.empty("There is no such opportunity here.", why, page="opportunities", label="All opportunities")
        return
    _draw_head(found)
    if found.row.id != wanted:
        _draw_former(named if survivor else None)
    left, right = st.columns([3, 2], gap="large")
    with right:
        draw_decision(found, person)
        submission_open.draw(found.row, person)
        _draw_why(found, kept, person, provider=provider)
        incumbents.draw(found.row.id, person)
        stories.draw_about((found.row.agency, found.row.sub_agency), person)
        draw_note(found, person)
    with left:
        _draw_facts(found)
        _draw_notice(found, kept)
    _draw_chain(found)


def _draw_head(found: OpportunityDetail) -> None:
    row = found.row
    st.page_link("pages/opportunities.py", label="← All opportunities")
    st.header(plain(row.title), anchor=False)
    at = clock.world_instant()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        score.badge(row.fit_score, row.recommendation, row.fit_reasons)
        st.markdown(names.status(row.status))
        if not row.is_open or (row.due_date is not None and row.due_date < at):
            st.badge("closed", color="gray", help="Its deadline has passed, or its source took it back.")
        if row.is_demo:
            st.badge("demo", color="orange")
    words = deadline.describe(
        row.due_date,
        row.due_offset_minutes,
        row.due_precision,
        row.safe_deadline_at,
        at=at,
        raw=row.due_raw,
        here=deadline.reader_zone(),
        state=row.place_state,
    )
    deadline.draw(words)


def _draw_former(former: OpportunityDetail | None) -> None:
    """Say that the link named another one, which turned out to be this solicitation, and what was decided there."""
    said = ["The link names an earlier entry, which was found to be this same solicitation; here it goes on."]
    if former is not None:
        said.append(f"It was called “{plain(former.row.title)}” and marked {names.status(former.row.status)}.")
        if former.note:
            said.append(f"Its note: {plain(former.note)}")
    st.info(" ".join(said))


def _draw_facts(found: OpportunityDetail) -> None:
    row = found.row
    offices = dict.fromkeys(names.office(part) for part in (row.agency, row.sub_agency, row.office) if part)
    zone = deadline.reader_zone()
    facts = {
        "Buyer": " › ".join(offices),
        "Solicitation": row.solicitation_number or "no number",
        "Kind": row.kind.capitalize(),
        "Type": row.notice_type,
        **(grant.facts(found) if row.is_grant else _contract_facts(found)),
        "Posted": deadline.day(row.posted_at, zone) or "not stated",
        "As published, due": row.due_raw or "nothing",
        "Archived": found.archive_on.strftime("%d %b %Y") if found.archive_on else "not stated",
        "Source": f"{names.source(row.source)} · {row.external_ref}",
    }
    st.table({name: plain(text) for name, text in facts.items()}, border="horizontal", alt="Facts of the notice")


def _contract_facts(found: OpportunityDetail) -> dict[str, str]:
    row = found.row
    return {
        "Set-aside": names.set_aside(row.set_aside_code, row.set_aside_text) or "none, open to all",
        "NAICS": names.naics(row.naics_code),
        "PSC": names.psc(row.psc_code),
        "Place of work": names.place(row.place_city, row.place_state) or found.place_country or "not stated",
        "Value": money.exact(row.value_usd),
    }


def _draw_why(found: OpportunityDetail, kept: list[Kept], person: Person, *, provider: str) -> None:
    st.subheader(
        "Why this score", anchor=False, help="Rules first, then the ranker; a model only where they pass it on."
    )
    if found.row.is_grant:
        st.caption(grant.RESTS_ON)
    _draw_reasons(found)
    assessment.draw(kept, found.content_hash)
    second_look.draw(found.row.id, _said(found, kept), kept, person, provider=provider)


def _said(found: OpportunityDetail, kept: list[Kept]) -> Recommendation | None:
    last = assessment.newest(kept)
    return (last[-1].assessment.recommendation if last else None) or found.row.recommendation


def _draw_reasons(found: OpportunityDetail) -> None:
    row = found.row
    if row.fit_score is None:
        st.caption("Not scored yet: scoring follows each run.")
        return
    st.markdown(
        "**Rules and ranker** "
        + (":red-badge[a hard rule excludes it]" if found.fit_rule else ":green-badge[no rule excludes it]")
    )
    for reason in row.fit_reasons:
        colour = "green" if reason.points > 0 else "red" if reason.points < 0 else "gray"
        evidence = f"  \n:small[:gray[{plain(reason.evidence)}]]" if reason.evidence else ""
        st.markdown(f":{colour}-badge[{reason.points:+d}] {plain(reason.text)}{evidence}")
    scored = deadline.moment(found.scored_at, deadline.reader_zone()) if found.scored_at else ""
    st.caption(f"{row.fit_score} points of 100, no probability. {plain(scored)} {plain(found.scorer or '')}")
    reliability.draw(row.fit_score)


def _draw_notice(found: OpportunityDetail, kept: list[Kept]) -> None:
    st.subheader("The notice", anchor=False)
    text = readable(found.description or "")
    marks = assessment.marks(kept, found.description or "")
    if text:
        if any(mark.colour == "orange" for mark in marks):
            st.warning(
                "What is marked orange speaks to a reading machine, not to bidders: it counts for no score and no quote."
            )
        with st.container(height=460 if len(text) > 1_200 else "content", border=True):
            st.markdown(marked(text, marks)) if marks else st.text(text, width="stretch")
    else:
        st.caption(
            "The source gave no text" + (" here; it lies behind a link below." if found.description_url else ".")
        )
    if found.grant.eligibility_text:
        st.markdown("**More on who may apply**")
        st.text(readable(found.grant.eligibility_text), width="stretch")
    _draw_links(found, text)
    _draw_contacts(found)


def _draw_links(found: OpportunityDetail, text: str) -> None:
    own = [address for address in (found.row.url, found.description_url) if address]
    groups = (
        ("At the source", own),
        ("Attachments", list(found.attachment_urls)),
        ("Named in the text", addresses(text)),
    )
    for title, found_addresses in groups:
        if found_addresses:
            st.markdown(f"**{title}**  \n" + "  \n".join(link(address) for address in found_addresses))


def _draw_contacts(found: OpportunityDetail) -> None:
    lines = []
    for contact in found.contacts:
        parts = [str(contact.get(key) or "").strip() for key in ("name", "title", "email", "phone")]
        line = " · ".join(mail(part) for part in parts if part)
        if line:
            lines.append(line)
    if lines:
        st.markdown("**Contacts**  \n" + "  \n".join(dict.fromkeys(lines)))


def _draw_chain(found: OpportunityDetail) -> None:
    count = len(found.notices)
    st.subheader(f"Chain of notices ({count})" if count > 1 else "Chain of notices", anchor=False)
    amendments.draw(found.notices, found.row.place_state)


if __name__ == "__main__":
    render()
