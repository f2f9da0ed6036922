"""How long records stay: the classes with their periods and clocks, what is due now as a dry run, legal holds.

Purging is left to the command line: it cannot be undone, and whoever does it must see to the backups as well.
"""

import streamlit as st

from app import session
from app.widgets import deadline, holds, told
from app.widgets.text import plain
from pipelines.administration.retention_plan import Plan, periods, plan_purge
from warehouse import clock, settings
from warehouse.domain.access import Person
from warehouse.domain.retention import RULES
from warehouse.lake.connection import open_lake
from warehouse.ledger.store import open_ledger

PLAN, PLACE = "retention_plan", "retention"
MOST_FILES = 50


def draw(person: Person) -> None:
    """Draw the part; the page has asked whether the person may see it."""
    _draw_classes()
    _draw_due()
    holds.draw(person)


def _draw_classes() -> None:
    st.subheader("How long records stay", anchor=False)
    kept = periods(settings.current())
    st.markdown(
        "\n".join(
            f"- **{rule.title}**: {kept[one].in_words()}, counted from {rule.clock}. A purge: {rule.goes}."
            for one, rule in RULES.items()
        )
    )
    st.caption("Longer periods are settings of the machine (PROCURA_RETENTION_…); shorter ones are refused.")


def _draw_due() -> None:
    st.subheader("What is due now", anchor=False, help="A dry run: nothing is changed by looking.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Look what is due", on_click=_look)
        st.caption("Reads every notice of the lake; some seconds for a million.")
    told.tell(PLACE)
    found: Plan | None = st.session_state.get(PLAN)
    if found is not None:
        _draw_plan(found)


def _look() -> None:
    def look() -> None:
        lake = open_lake("procura_analyst", read_only=True)
        st.session_state[PLAN] = plan_purge(
            open_ledger(), lake, settings.current(), at=clock.now(), by=session.person()
        )

    st.session_state.pop(PLAN, None)
    told.attempt(PLACE, look)


def _draw_plan(found: Plan) -> None:
    zone = deadline.reader_zone()
    st.caption(f"As of {deadline.moment(found.at, zone)}.")
    table = [
        {
            "Class": RULES[one.record_class].title,
            "Due": one.count,
            "Oldest": deadline.day(one.oldest, zone),
            "Newest": deadline.day(one.newest, zone),
            "Stay": one.held or one.old,
            "Why they stay": "a hold or a bid" if one.held else "never removed" if one.old else "",
        }
        for one in found.classes
        if one.count or one.held or one.old
    ]
    if table:
        number = st.column_config.NumberColumn(format="localized", width=60)
        columns = {"Due": number, "Stay": number, "Class": st.column_config.TextColumn(width=110)}
        st.dataframe(table, hide_index=True, height="content", column_config=columns, alt="What is due, by class")
    samples = [
        f"- {plain(sample.title[:90])}: {sample.clock} {deadline.day(sample.starts_at, zone)},"
        f" due since {deadline.day(sample.due_at, zone)}"
        for one in found.classes
        for sample in one.samples
    ]
    if samples:
        st.markdown("**The oldest of them**\n" + "\n".join(samples))
    _draw_files(found)
    if found.unfinished is not None:
        st.warning(
            f"A purge is not finished. At the machine: `procura retention purge --plan {found.unfinished.plan_hash}`"
        )
    elif found.counts:
        st.info(
            "A purge cannot be undone and does not reach backups: it is done at the machine, and takes this plan or nothing."
        )
        st.code(f"procura retention purge --plan {found.hash}", language=None, wrap_lines=True)
    else:
        st.success("Nothing is due.")


def _draw_files(found: Plan) -> None:
    staying = [file for file in found.files if file.stays_for]
    st.markdown(
        f"Landed files: **{len(found.going):,}** go whole, **{len(staying):,}** stay, for a file is never rewritten."
    )
    if not staying:
        return
    zone = deadline.reader_zone()
    with st.expander("Files that stay"):
        table = [
            {
                "File": file.origin,
                "Stays for": file.stays_for,
                "Until": deadline.day(file.until, zone) if file.until else "",
            }
            for file in staying[:MOST_FILES]
        ]
        st.dataframe(table, hide_index=True, height="content", alt="Landed files that stay, and why")
        if len(staying) > MOST_FILES:
            st.caption(f"{len(staying) - MOST_FILES:,} more; `procura retention plan --json` lists all.")
