"""Qualification: can I trust the score, and what does it cost? What waits, what was read, the budget, and who disagrees."""

from decimal import Decimal

import streamlit as st

from app import session
from app.page import PageInfo, Section
from app.widgets import deadline, score, state
from app.widgets.text import plain
from pipelines.qualification.figures import DAYS, Figures, read_figures
from warehouse import clock
from warehouse.domain.access import Action
from warehouse.domain.assessment import Outcome
from warehouse.domain.fit import Recommendation
from warehouse.ledger.llm_batches import INTENDED, SENT, SETTLED
from warehouse.ledger.store import open_ledger

PAGE = PageInfo(
    "Qualification",
    Section.RUN,
    2,
    "What models read, what it cost, and who disagrees.",
    needs=Action.READ_QUALIFICATION,
)
OUTCOMES = {
    Outcome.PASSED_ON: "Passed on",
    Outcome.STOPPED: "Stopped by triage",
    Outcome.CONCLUDED: "Concluded",
    Outcome.NOT_ENOUGH: "Not enough to say",
    Outcome.UNREADABLE: "No usable answer",
}
BATCH_STATES = {
    INTENDED: "May have been sent: looked for there",
    SENT: "With the vendor",
    SETTLED: "Answered; the next run concludes",
}
SAID = {one.value: word for one, word in score.WORDS.items()} | {Outcome.NOT_ENOUGH.value: "Not enough to say"}


def render() -> None:
    """Draw the page."""
    person = session.person()
    st.title("Qualification")
    found = read_figures(open_ledger(), at=clock.now(), world_at=clock.world_instant(), by=person)
    _draw_provider(found)
    _draw_figures(found)
    _draw_batches(found)
    _draw_days(found)
    _draw_models(found)
    _draw_disagreements(found)


def _draw_provider(found: Figures) -> None:
    provider = found.settings.get("llm_provider", "offline")
    if provider == "offline":
        st.info(
            "No model is asked: rules and the local ranker work alone, and no text leaves this machine. An admin sets this."
        )
    else:
        least = found.settings["llm_ask_from_points"]
        st.caption(
            f"Asked first: {plain(provider)}, about what no rule excludes and the ranker gives {plain(least)} points or more."
        )


def _draw_figures(found: Figures) -> None:
    cache = found.vendor_cache_share
    figures = (
        (
            "Waiting",
            f"{found.queue:,}",
            "Passed on by the ranker; no model has read this version yet, and it is in no batch.",
        ),
        ("Today", _of(found.spent.day, found.settings.get("llm_ceiling_day_usd")), "USD of the day's ceiling, by UTC."),
        (
            "This month",
            _of(found.spent.month, found.settings.get("llm_ceiling_month_usd")),
            "USD of the month's ceiling.",
        ),
        ("From the vendors' cache", "–" if cache is None else f"{cache:.0%}", "Share of the month's input tokens."),
        (
            "Answered before",
            _reused(found),
            "Share of the month's conclusions that cost nothing, because the same was asked before.",
        ),
    )
    with st.container(horizontal=True):
        for label, value, help_text in figures:
            st.metric(label, value.replace("$", "\\$"), help=help_text, border=True, width="stretch")


def _draw_batches(found: Figures) -> None:
    """Draw what is out at vendors' batches; nothing where nothing is."""
    if not found.batches:
        return
    zone = deadline.reader_zone()
    count = sum(batch.open for batch in found.batches)
    most = sum((batch.most_usd for batch in found.batches), Decimal(0))
    st.subheader("In batches at vendors", anchor=False)
    st.caption(
        f"{count:,} {'question' if count == 1 else 'questions'} since"
        f" {plain(deadline.moment(found.batches[0].made_at, zone))}, \\${most:.2f} at most. Vendors answer within a day, at half"
        " the price; a later run reads them by itself."
    )
    table = [
        {
            "Since": deadline.moment(batch.made_at, zone),
            "Vendor": batch.provider,
            "For": batch.purpose.value,
            "Questions": batch.questions,
            "Open": batch.open,
            "USD at most": float(batch.most_usd),
            "State": BATCH_STATES[batch.state],
            "What stood against it": batch.fault,
        }
        for batch in found.batches
    ]
    money = st.column_config.NumberColumn(format="%.4f")
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_config={"USD at most": money},
        alt="Batches of questions at vendors, the oldest first",
    )


def _of(money: Decimal, ceiling: str | None) -> str:
    return f"${money:.2f}" + (f" of ${int(ceiling):,}" if ceiling else "")


def _reused(found: Figures) -> str:
    return f"{found.reused / found.concluded:.0%}" if found.concluded else "–"


def _draw_days(found: Figures) -> None:
    st.subheader(f"Read in the last {DAYS} days", anchor=False)
    if not found.by_day:
        state.empty(
            "No model has read anything yet.",
            "`procura qualify` and each run ask about what waits, once a model is set.",
        )
        return
    days = sorted({row["day"] for row in found.by_day}, reverse=True)
    counts = {(row["day"], Outcome(row["outcome"])): row["count"] for row in found.by_day}
    table = [
        {"Day": day.strftime("%d %b %Y")} | {word: counts.get((day, outcome), 0) for outcome, word in OUTCOMES.items()}
        for day in days
    ]
    st.dataframe(table, hide_index=True, height="content", alt="Conclusions by day and outcome, newest day first")


def _draw_models(found: Figures) -> None:
    if not found.by_model:
        return
    st.subheader("Calls of this month", anchor=False)
    table = [
        {
            "Vendor": row["provider"],
            "Model": row["model"],
            "For": row["purpose"],
            "Calls": row["calls"],
            "Failed": row["failed"],
            "Tokens in": row["input"],
            "of them cached": row["cached"],
            "Tokens out": row["output"],
            "USD": float(row["cost_usd"]),
            "Seconds a call": None if row["latency_ms"] is None else round(row["latency_ms"] / 1000, 1),
        }
        for row in found.by_model
    ]
    number = st.column_config.NumberColumn(format="localized")
    columns = dict.fromkeys(("Calls", "Failed", "Tokens in", "of them cached", "Tokens out"), number)
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_config={**columns, "USD": st.column_config.NumberColumn(format="%.6f")},
        placeholder="",
        alt="Calls of this month by vendor, model and purpose",
    )


def _draw_disagreements(found: Figures) -> None:
    st.subheader("Disagreements", anchor=False)
    if not found.disagreements:
        st.caption(
            "Nobody has disagreed with a score yet. Each opportunity has a place for it, under “Why this score”."
        )
        return
    zone = deadline.reader_zone()
    for row in found.disagreements:
        thinks = score.WORDS[Recommendation(row["thinks"])]
        st.page_link("pages/opportunity.py", label=plain(row["title"]), query_params={"id": row["opportunity_id"]})
        st.markdown(
            f":gray-badge[said: {plain(SAID[row['said']])}] :blue-badge[thinks: {plain(thinks)}] {plain(row['reason'])}"
        )
        st.caption(f"{plain(row['who'])} · {plain(deadline.moment(row['at'], zone))}")


if __name__ == "__main__":
    render()
