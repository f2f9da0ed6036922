"""The page about the ranker's quality, written from what `procura train` measured and kept."""

from collections.abc import Iterator

from pipelines.qualification.chances import KEPT, Chances, Measured, parse_chances
from pipelines.qualification.cut import MOST_OF_MONEY

WORDS = """
Written from `pipelines/qualification/chances.json`, which `procura train DIR` makes from a fit set: the same set gives the same
file. Every figure is of firms that were not learned from (five parts of the firms, dealt by a hash of their id); ranges hold
the figure in 95 of 100 draws of the firms. Score a run yourself: `procura rank DIR --out run.csv`.

**What is learned.** The map from similarity to chance, by isotonic regression over each firm's first twenty. The ranker
itself (`ranker.py`) has round weights and is not trained. Tried beside it once, outside of this command, each over five parts of
the same firms: its own weights varied one by one from a half to twice, a logistic regression of sixteen features, gradient boosting
with monotone constraints on 26 features, the same with further training pairs from three earlier cut-offs, blends of these with it,
words of descriptions, and service codes brought to the product group they serve. Without the Defense Logistics Agency none has an
interval over zero, in nDCG@10 or AUC (best in nDCG@10: a blend, +0.007, -0.012 to +0.027; best in AUC: +0.002, -0.004 to +0.009),
and boosting with earlier cut-offs alone lies below (-0.034, -0.060 to -0.009). Over all, a blend gains 0.001 in AUC (0.0001 to
0.002) and nothing in nDCG@10. So the simpler one is kept and no library was added.

**What it is not.** A win stands in for fit: who bid well and lost counts as wrong. The firms are those that won something in
seven weeks of 2026. The round weights were chosen while looking at the same firms, so expect a little less elsewhere. A chance
is that of a firm's first twenty in a pool of about two thousand; in another pool it shifts.
"""


def ranking_page(header: str) -> str:
    """Write the measures, the reliability diagram as a table, and the cascade's curve."""
    kept = parse_chances(KEPT.read_text(encoding="utf-8"))
    said = f"Ranker {kept.ranker}, {kept.firms} firms, set {kept.learned_from}."
    lines = [header, "# How good the ranking is", "", WORDS.strip(), "", said]
    return "\n".join([*lines, *_measures(kept), *_reliability(kept), *_curve(kept)]) + "\n"


def _measures(kept: Chances) -> Iterator[str]:
    yield from ("", "| measured | value | range |", "|---|---|---|")
    for figure in kept.measured:
        yield f"| {figure.what} | {figure.value} | {_range(figure)} |"


def _range(figure: Measured) -> str:
    return "" if figure.low is None else f"{figure.low} to {figure.high}"


def _reliability(kept: Chances) -> Iterator[str]:
    yield from ("", "## Told and came", "Each firm's first twenty, in ten bands of rising score.", "")
    yield from ("| score | told | came | pairs | won |", "|---|---|---|---|---|")
    for band in kept.bands:
        yield f"| {band.score_from} to {band.score_to} | {band.told:.1%} | {band.came:.1%} | {band.pairs} | {band.won} |"


def _curve(kept: Chances) -> Iterator[str]:
    yield from (
        "",
        "## What a cut keeps",
        "Later wins kept against the share of notices passed on to a model; each cut chosen",
    )
    yield from (
        "on four parts' firms and tried on the fifth's. The score is the cut as chosen on all firms. The money is that of asking both",
        "models about what is passed on, as if triage stopped nothing, over that of analysing every notice for every firm: each question",
        "counted as it would be sent, prices of `models.toml`, no vendor's cache. What triage stops of it later is not claimed here.",
        "",
        f"The setting `llm_ask_from_points` is {kept.cut.score_from} from the start: the cut that keeps most within {MOST_OF_MONEY:.0%} of"
        f" the money ({kept.cut.of_money:.1%}).",
        "",
        "| passed on | later wins kept | of those not of the Defense Logistics Agency | of the money | from score |",
        "|---|---|---|---|---|",
    )
    for point in kept.curve:
        yield (
            f"| {point.passed_on:.1%} | {point.wins_kept:.1%} | {point.wins_kept_elsewhere:.1%} | {point.of_money:.1%}"
            f" | {point.score_from} |"
        )
