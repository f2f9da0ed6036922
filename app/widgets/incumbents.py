"""Who holds work like this: the awards that look like an opportunity's work, with the evidence, and how sure that is."""

from typing import Any

import streamlit as st

from app.widgets import awards, names
from app.widgets.text import link, plain
from pipelines.qualification.market import likely_incumbents
from warehouse.domain.access import Person
from warehouse.errors import StoreUnavailable

COLOURS = {"likely": "green", "possible": "orange", "weak": "gray"}
EXPLAINED = "Points of evidence, 0 to 100: 80 and more is likely, 65 possible, 50 weak. No probability; awards come from USAspending."


def draw(opportunity_id: str, person: Person) -> None:
    """Draw up to three holders, the most evidence first; a calm sentence where none is found."""
    st.subheader("Who holds work like this", anchor=False, help=EXPLAINED)
    try:
        found = likely_incumbents(opportunity_id, by=person)
    except StoreUnavailable:
        st.caption("Awards cannot be read just now.")
        return
    if not found:
        st.caption("No known award looks like this work. What is known of the market stands on the page Market.")
    for row in found:
        _draw_one(row)


def _draw_one(row: dict[str, Any]) -> None:
    with st.container(border=True):
        st.markdown(
            f"**{plain(names.office(row['recipient_name']))}** :{COLOURS[row['standing']]}-badge[{row['standing']} · {row['score']} points]"
        )
        began, ends = (f"{day:%d %b %Y}" if day else "not stated" for day in (row["starts_on"], row["ends_on"]))
        ceiling = f" · ceiling {awards.short(row['ceiling_usd'])}" if row["ceiling_usd"] is not None else ""
        contract = link(row["url"], row["piid"] or row["award_id"])
        st.markdown(f"{contract} · {began} to {ends} · obligated {awards.short(row['obligated_usd'])}{ceiling}")
        if row["description"]:
            text = names.office(row["description"])
            st.caption(plain(text if len(text) <= 200 else text[:199] + "…"))
        st.caption("Evidence: " + plain("; ".join(_evidence(row))))


def _evidence(row: dict[str, Any]) -> list[str]:
    said = [
        (row["is_named"], f"the notice names the contract {row['parent_piid'] or row['piid']}"),
        (row["same_naics"], f"same NAICS {row['naics_code']}"),
        (row["same_industry"] and not row["same_naics"], f"same industry group {(row['naics_code'] or '')[:4]}"),
        (row["same_psc"], f"same PSC {row['psc_code']}"),
        (row["same_sub_agency"], f"same buyer, {names.office(row['sub_agency'])}"),
        (row["same_state"], f"same state, {row['place_state']}"),
        (bool(row["shared_words"]), f"words shared with the title: {(row['shared_words'] or '').lower()}"),
    ]
    return [words for holds, words in said if holds]
