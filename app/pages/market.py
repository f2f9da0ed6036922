"""Market: who buys what we do, who holds it, when does it end? Every figure opens the awards behind it."""

from datetime import date
from typing import Any

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import awards, charts, names, state, stories
from pipelines.qualification.market import Market, awards_behind, known_industries, read_market
from warehouse.domain.access import Action, Person

PAGE = PageInfo(
    "Market",
    Section.FIND,
    4,
    "Who buys what you do, who holds it, and when it ends.",
    needs=Action.READ_OPPORTUNITIES,
)
ALL = "all"
CHOICE = "market_industry"


def render() -> None:
    """Draw the page for the industry that the address names."""
    person = session.person()
    st.title("Market")
    industries = known_industries(by=person)
    if not industries:
        state.empty(
            "No awards are known yet.",
            "Each run asks USAspending about the NAICS codes of your company profile; it needs no key. Without a network,"
            " drop answers of its API into `inbox/usaspending/`.",
            page="sources",
            label="Sources",
        )
        stories.draw_market(person)
        return
    naics = _choose_industry(industries)
    market = read_market(naics, by=person)
    _draw_figures(market)
    _draw_recompetes(market)
    _draw_spend(market, naics, person)
    _draw_holders(market, naics, person)
    stories.draw_market(person)
    st.caption(
        "Figures are from USAspending, contracts only. Obligated is what was promised so far, which is no price and may fall; a"
        " ceiling stands only where the source states one. Awards of the Department of Defense appear about 90 days late."
    )


def _choose_industry(industries: dict[str, int]) -> str | None:
    """Draw the choice of an industry, which the address holds; None for all."""

    def name(code: str) -> str:
        if code == ALL:
            return f"All industries ({sum(industries.values()):,} awards)"
        return f"{names.naics(code) if code.isdigit() else 'NAICS not stated'} ({industries[code]:,} awards)"

    def keep() -> None:
        st.query_params["naics"] = st.session_state[CHOICE]

    given = st.query_params.get("naics", ALL)
    st.session_state[CHOICE] = given if given in industries else ALL
    chosen = st.selectbox("Industry", [ALL, *industries], key=CHOICE, format_func=name, on_change=keep, width=480)
    return None if chosen == ALL else chosen


def _draw_figures(market: Market) -> None:
    figures = (
        ("Awards", f"{sum(row['awards'] for row in market.years):,}", "Contracts and orders that are known."),
        (
            "Obligated",
            awards.short(sum(row["obligated_usd"] for row in market.years)),
            "Promised so far, all awards added up.",
        ),
        ("Ending in 18 months", f"{market.recompete_count:,}", "What may be bought again."),
    )
    with st.container(horizontal=True):
        for label, value, help_text in figures:
            st.metric(label, value, help=help_text, border=True, width="stretch")


def _draw_recompetes(market: Market) -> None:
    st.subheader("Ending next", anchor=False, help="Awards that end within 18 months, the next first.")
    if not market.recompetes:
        st.caption("No known award ends within 18 months.")
        return
    if len(market.recompetes) == market.recompete_count:
        charts.columns(
            _quarters(market.recompetes), x="Ends in", y="Awards", alt="Awards by the quarter in which they end"
        )
    else:
        st.caption(f"The next {len(market.recompetes):,} of {market.recompete_count:,}.")
    awards.draw(market.recompetes, alt="Awards that end within 18 months, the next first", key="recompetes")


def _quarters(rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Count by calendar quarter, without a gap."""
    counts: dict[int, int] = {}
    for row in rows:
        ends: date = row["ends_on"]
        quarter = ends.year * 4 + (ends.month - 1) // 3
        counts[quarter] = counts.get(quarter, 0) + 1
    return [(f"Q{n % 4 + 1} {n // 4}", counts.get(n, 0)) for n in range(min(counts), max(counts) + 1)]


def _draw_spend(market: Market, naics: str | None, person: Person) -> None:
    st.subheader("Who buys", anchor=False, help="Obligated by the awards that are known. Choose a row for its awards.")
    years = [
        {
            "Fiscal year": str(row["fiscal_year"]) if row["fiscal_year"] else "start not stated",
            "Obligated": float(row["obligated_usd"]),
            "Awards": row["awards"],
        }
        for row in reversed(market.years)
    ]
    agencies = [
        {
            "Agency": " › ".join(dict.fromkeys(names.office(part) for part in (row["agency"], row["sub_agency"]))),
            "Obligated": float(row["obligated_usd"]),
            "Awards": row["awards"],
            "Years": _span(row["first_year"], row["last_year"]),
        }
        for row in market.agencies
    ]
    left, right = st.columns([3, 2], gap="large")
    with left:
        agency = _choice(agencies, "agencies", "Obligated by agency, the most first")
    with right:
        year = _choice(years, "years", "Obligated by the federal fiscal year in which awards begin")
    if agency is not None:
        row = market.agencies[agency]
        found = awards_behind(naics, by=person, agency_key=row["agency_key"], sub_agency_key=row["sub_agency_key"])
        _draw_behind(found, agencies[agency]["Agency"], "behind_agency")
    if year is not None:
        found = awards_behind(naics, by=person, fiscal_year=market.years[len(years) - 1 - year]["fiscal_year"])
        _draw_behind(found, f"fiscal year {years[year]['Fiscal year']}", "behind_year")


def _draw_holders(market: Market, naics: str | None, person: Person) -> None:
    st.subheader("Who holds it", anchor=False, help="Choose a row for its awards.")
    holders = [
        {
            "Holder": names.office(row["recipient_name"]),
            "Obligated": float(row["obligated_usd"]),
            "Awards": row["awards"],
            "Running": row["running"],
            "Last ends": row["last_ends_on"],
        }
        for row in market.holders
    ]
    chosen = _choice(holders, "holders", "Holders of awards, the most obligated first")
    if chosen is not None:
        found = awards_behind(naics, by=person, holder_id=market.holders[chosen]["holder_id"])
        _draw_behind(found, holders[chosen]["Holder"], "behind_holder")


def _choice(rows: list[dict[str, Any]], key: str, alt: str) -> int | None:
    """Draw a table of which one row may be chosen, and return its place."""
    column = st.column_config
    answer = st.dataframe(
        rows,
        key=key,
        hide_index=True,
        height="content" if len(rows) <= 10 else 390,
        column_config={
            "Obligated": awards.dollars("Promised so far, all awards added up."),
            "Awards": column.NumberColumn(width=70, format="localized"),
            "Running": column.NumberColumn(width=75, format="localized", help="Not ended yet."),
            "Last ends": column.DateColumn(width=100, format="DD MMM YYYY"),
        },
        on_select="rerun",
        selection_mode="single-row",
        alt=alt,
    )
    chosen = [place for place in answer["selection"]["rows"] if place < len(rows)]
    return chosen[0] if chosen else None


def _draw_behind(rows: list[dict[str, Any]], of: str, key: str) -> None:
    st.markdown("**Awards behind it**")
    st.text(f"{of}, {len(rows):,} award{'' if len(rows) == 1 else 's'}, the most obligated first", width="stretch")
    awards.draw(rows, alt=f"Awards of {of}", key=key)


def _span(first: int | None, last: int | None) -> str:
    if first is None:
        return "not stated"
    return str(first) if first == last else f"{first} to {last}"


if __name__ == "__main__":
    render()
