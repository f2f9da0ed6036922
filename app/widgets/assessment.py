"""What a model made of an opportunity, stage by stage: proven points with quotes, what was dropped, who said it, what it cost.

Not here: the local score (score.py), asking anew and disagreeing (second_look.py).
"""

import streamlit as st

from app.widgets import deadline, score
from app.widgets.marked_text import Mark
from app.widgets.text import plain
from pipelines.qualification.rubric import BY_KEY, ENOUGH
from pipelines.qualification.screen import flagged_passages
from warehouse.domain.assessment import Outcome, ProvenPoint, Stage, Verdict
from warehouse.ledger.assessments import Kept

WORDS = {
    Outcome.PASSED_ON: ":blue-badge[passed on]",
    Outcome.STOPPED: ":gray-badge[stopped here]",
    Outcome.CONCLUDED: "",
    Outcome.NOT_ENOUGH: ":gray-badge[not enough to say]",
    Outcome.UNREADABLE: ":orange-badge[no usable answer]",
}
VERDICTS = {
    Verdict.FOR: ":green-badge[for]",
    Verdict.AGAINST: ":red-badge[against]",
    Verdict.SILENT: ":gray-badge[silent]",
}


def newest(kept: list[Kept]) -> list[Kept]:
    """Pick the last time somebody was asked: its triage, and its analysis where there is one, in this order."""
    triage = next((index for index, one in enumerate(kept) if one.assessment.stage is Stage.TRIAGE), None)
    return [] if triage is None else list(reversed(kept[: triage + 1]))


def draw(kept: list[Kept], content_hash: str) -> None:
    """Draw both stages, or that nobody was asked."""
    last = newest(kept)
    if not last:
        st.caption(
            "No model was asked about this one: offline, a rule excludes it, or the ranker gives it too few points."
        )
        return
    if last[-1].content_hash != content_hash:
        st.caption(":orange-badge[of an earlier version of the notice]")
    for one in last:
        _draw_stage(one)


def marks(kept: list[Kept], description: str) -> list[Mark]:
    """Return what is to be marked in the description: the newest quotes, and what was left out."""
    found = [
        Mark(quote.text, "green" if point.verdict is Verdict.FOR else "red")
        for one in newest(kept)
        for point in one.assessment.points
        for quote in point.quotes
        if quote.field == "description"
    ]
    left_out = (description[passage.start : passage.end].strip() for passage in flagged_passages(description))
    return found + [Mark(text, "orange") for text in left_out]


def _draw_stage(one: Kept) -> None:
    found = one.assessment
    title = "Triage" if found.stage is Stage.TRIAGE else "Analysis"
    badge = WORDS[found.outcome]
    if found.score is not None and found.recommendation is not None:
        colour = score.COLOURS[found.recommendation]
        badge = f":{colour}-badge[{found.score} of proven points · {score.WORDS[found.recommendation]}]"
    st.markdown(f"**{title}** {badge}  \n{plain(found.why)}")
    for point in found.points:
        _draw_point(point)
    if found.outcome is Outcome.NOT_ENOUGH:
        st.caption(
            f"A score needs proven points of {ENOUGH} of 100 weights at least; there is no middling number for silence."
        )
    if found.dropped:
        with st.expander(f"Dropped as unproven: {len(found.dropped)}"):
            for claim in found.dropped:
                st.markdown(
                    f"~~{plain(claim.claim or 'no words')}~~  \n:small[:gray[{_title(claim.key)}: {plain(claim.reason)}]]"
                )
    st.caption(_who(one))


def _draw_point(point: ProvenPoint) -> None:
    weight = f" · weight {BY_KEY[point.key].weight}, {point.confidence} % sure" if point.key in BY_KEY else ""
    quotes = "".join(f"  \n:small[:gray[“{plain(quote.text)}”]]" for quote in point.quotes)
    st.markdown(f"{VERDICTS[point.verdict]} **{_title(point.key)}**{weight}  \n{plain(point.claim)}{quotes}")


def _title(key: str) -> str:
    return BY_KEY[key].title if key in BY_KEY else "Triage"


def _who(one: Kept) -> str:
    found = one.assessment
    said = [
        plain(f"{found.provider} {found.model}".strip() or "nobody"),
        plain(deadline.moment(one.at, deadline.reader_zone())),
    ]
    said.append(f"{found.cost_usd:.6f} USD" if found.cost_usd else "at no cost: it was answered before")
    if found.fell_back_because:
        said.append(f"instead of {plain(found.fell_back_because)}")
    if found.flagged:
        many = "passages speak" if found.flagged > 1 else "passage speaks"
        said.append(f"{found.flagged} {many} to a reading machine and was left out")
    return " · ".join(said).replace("$", "\\$")
