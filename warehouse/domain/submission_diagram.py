"""The diagram of an offer's states, made from the table of moves. Not here: the moves (submission.py)."""

from collections.abc import Iterator

from warehouse.domain.submission import MOVES, SubmissionStatus


def moves_diagram() -> str:
    """Write the table of moves as a Mermaid state diagram, one arrow a move."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "stateDiagram-v2"
    yield f"    [*] --> {SubmissionStatus.DRAFT.value}"
    for move in MOVES:
        yield f"    {move.before.value} --> {move.after.value}: {move.event} ({move.who})"
