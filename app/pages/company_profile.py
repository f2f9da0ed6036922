"""Company profile: who are we, for the ranker? The profile in words, its text to edit, and what a change would do."""

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import money, names, state, told
from app.widgets.filters import is_phone
from app.widgets.profile_preview import draw_preview
from app.widgets.text import plain
from pipelines.qualification.company import parse_company_profile
from pipelines.qualification.profiles import CurrentCompany, current_company, save_company
from warehouse.domain import access
from warehouse.domain.access import Action, Person
from warehouse.domain.company import CompanyProfile
from warehouse.domain.grants import APPLICANTS, ELIGIBILITY, words_of
from warehouse.errors import NotFound, ProcuraError
from warehouse.ledger.store import open_ledger

PAGE = PageInfo("Company profile", Section.RUN, 3, "What the ranker knows of your firm, and what a change would do.")
ENOUGH_AWARDS = 5
FACTS_WIDTH = 640
"""A cell wraps at some 340 pixels: a wider table would be half empty."""
EDITOR, PLACE = "profile_text", "profile"
DRAFT = "profile_draft"
"""What was typed, kept apart from the box: a visit of another page forgets the box, and must not lose the text."""


def render() -> None:
    """Draw the page."""
    person = session.person()
    st.title("Company profile")
    try:
        current = current_company(open_ledger(), by=person)
    except NotFound:
        state.empty("There is no profile yet.", "The first run stores a ready example, which you can make your own.", page="sources",
                    label="See its progress")  # fmt: skip
        return
    told.tell(PLACE, _say_saved)
    if not access.may(person, Action.EDIT_COMPANY_PROFILE):
        _draw_words(current.profile)
        st.caption("An admin or a contract officer can change it.")
        return
    words, edit = st.tabs(["In words", "Edit"], key="part", bind="query-params")
    with words:
        _draw_words(current.profile)
    with edit:
        _draw_editor(current, person)


def _say_saved(words: str) -> None:
    st.success(words)
    st.page_link("pages/sources.py", label="Start a run on the page Sources")


def _draw_words(profile: CompanyProfile) -> None:
    st.subheader(plain(profile.name), anchor=False)
    low, high = money.short(profile.value_min_usd), money.short(profile.value_max_usd)
    facts = {
        "Industries (NAICS)": names.grouped("naics", profile.naics_codes),
        "Products and services (PSC)": names.grouped("psc", profile.psc_codes),
        "May bid for": ", ".join(["open competition", *(names.set_aside(code, None) for code in profile.set_asides)]),
        "Applies for grants as": ", ".join(words_of(ELIGIBILITY, [APPLICANTS[word] for word in profile.applies_as])),
        "Words that mark the work": ", ".join(profile.keywords),
        "Works in": ", ".join(profile.places) or "anywhere",
        "Contract value": f"{low or 'any'} to {high or 'any'}",
        "CAGE codes": ", ".join(profile.cage_codes),
        "UEI": profile.uei,
    }
    with st.container(width=FACTS_WIDTH):
        st.table(
            {name: plain(text) or "not stated" for name, text in facts.items()}, border="horizontal", alt="The profile"
        )
    count = len(profile.past_awards)
    st.subheader(f"Past awards ({count})", anchor=False)
    if count < ENOUGH_AWARDS:
        st.info(
            f"Contracts you have won say more than codes: name at least {ENOUGH_AWARDS}, and the ranking is markedly better."
        )
    table = [
        {
            "Title": award.title,
            "Agency": names.office(award.sub_tier or award.agency),
            "NAICS": award.naics_code,
            "PSC": award.psc_code,
            "Value": money.short(award.amount_usd),
            "Year": str(award.posted_on.year) if award.posted_on else "",
        }
        for award in profile.past_awards
    ]
    if table:
        st.dataframe(table, hide_index=True, height="content", placeholder="", alt="Past awards",
                     column_config={"Title": st.column_config.TextColumn(width="medium" if is_phone() else "large"),
                                    "Value": st.column_config.TextColumn(alignment="right")})  # fmt: skip


def _draw_editor(current: CurrentCompany, person: Person) -> None:
    if "profile_base" not in st.session_state:
        _start_over(current)
    # The text is the box's own default, told in every run: a value set through the session's state is told once, and a
    # browser that misses that one run (a click beside it is enough) shows an empty box.
    if _box() not in st.session_state:
        st.session_state["profile_start"] = st.session_state[DRAFT]
    st.session_state[DRAFT] = st.text_area(
        "The profile as text (YAML)",
        st.session_state["profile_start"],
        key=_box(),
        height=460,
        help="Codes need no quotes. `past_awards` matter most. Every fault is named with its line.",
    )
    with st.container(horizontal=True):
        st.button("Show what it would change", on_click=_ask_preview)
        st.button("Save profile", type="primary", on_click=_save)
        st.button(
            "Start over", on_click=_start_over, args=(current,), help="Take the stored profile again.", type="tertiary"
        )
    error = st.session_state.get("profile_fault")
    if error is not None:
        _draw_faults(error)
    elif st.session_state.get("previewed") == st.session_state[DRAFT]:
        draw_preview(parse_company_profile(st.session_state[DRAFT]), person)


def _box() -> str:
    """Name the box of this text; starting over gives it another name, and so the stored text."""
    return f"{EDITOR}_{st.session_state.get('profile_box', 0)}"


def _ask_preview() -> None:
    st.session_state["profile_fault"] = None
    try:
        parse_company_profile(st.session_state[_box()])
    except ProcuraError as error:
        st.session_state["profile_fault"] = error
    else:
        st.session_state["previewed"] = st.session_state[_box()]


def _save() -> None:
    st.session_state["profile_fault"] = None
    base = st.session_state["profile_base"]
    try:
        version = save_company(open_ledger(), st.session_state[_box()], base_version=base, by=session.person())
    except ProcuraError as error:
        st.session_state["profile_fault"] = error
        return
    st.session_state["profile_base"] = version
    is_new = version != base
    saved = "Saved. The list shows the scores of the earlier profile until the next run."
    told.leave(PLACE, saved if is_new else "Nothing was changed.")


def _start_over(current: CurrentCompany) -> None:
    st.session_state["profile_base"] = current.stored.version
    st.session_state[DRAFT] = current.stored.body
    st.session_state["profile_box"] = st.session_state.get("profile_box", 0) + 1
    st.session_state["profile_fault"] = None


def _draw_faults(error: ProcuraError) -> None:
    lines = [line for line in error.what.splitlines() if line.strip()]
    st.warning("  \n".join(plain(line) for line in lines) + (f"  \n{plain(error.todo)}" if error.todo else ""))


if __name__ == "__main__":
    render()
