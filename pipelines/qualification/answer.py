"""What a model may say, as types: anything else is no answer.

Here: the shapes, reading one from a model's text, and the JSON schema that vendors are sent. Not here: whether it is true
(proof.py).
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.qualification.rubric import BY_KEY, POINTS
from warehouse.domain.assessment import Stage

SCHEMA_VERSION = "1"
_LONGEST_CLAIM = 400
_LONGEST_QUOTE = 600
_MOST_QUOTES = 4
Key = Literal["work", "experience", "eligibility", "competition", "terms"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class QuoteAnswer(_Strict):
    """Words that the model says stand in a field of the notice."""

    field: Literal["title", "description"]
    text: Annotated[str, Field(min_length=1, max_length=_LONGEST_QUOTE)]


class PointAnswer(_Strict):
    """What it says about one point of the rubric."""

    key: Key
    verdict: Literal["for", "against", "silent"]
    confidence: Annotated[int, Field(ge=0, le=100)]
    claim: Annotated[str, Field(max_length=_LONGEST_CLAIM)]
    quotes: Annotated[tuple[QuoteAnswer, ...], Field(max_length=_MOST_QUOTES, strict=False)]


class AnalysisAnswer(_Strict):
    """One entry a point of the rubric, each once."""

    points: Annotated[tuple[PointAnswer, ...], Field(strict=False)]

    @model_validator(mode="after")
    def _every_point_once(self) -> "AnalysisAnswer":
        if sorted(point.key for point in self.points) != sorted(BY_KEY):
            raise ValueError(f"the points are not exactly {', '.join(point.key for point in POINTS)}, each once")
        return self


class TriageAnswer(_Strict):
    """Whether it is worth an analysis; a `no` needs quotes as any claim does."""

    worth_reading: Literal["yes", "no", "unsure"]
    reason: Annotated[str, Field(max_length=_LONGEST_CLAIM)]
    quotes: Annotated[tuple[QuoteAnswer, ...], Field(max_length=_MOST_QUOTES, strict=False)]


class Unreadable(ValueError):
    """A text is no answer of the shape asked for; the message names the first fault, never the text."""


def read_analysis(text: str) -> AnalysisAnswer:
    """Read an analysis.

    Raises:
        Unreadable: not JSON, not this shape, a number out of range or none at all, a point missing or twice.
    """
    try:
        return AnalysisAnswer.model_validate_json(text)
    except ValidationError as error:
        raise Unreadable(_first_fault(error)) from None


def read_triage(text: str) -> TriageAnswer:
    """Read a triage.

    Raises:
        Unreadable: as of `read_analysis`.
    """
    try:
        return TriageAnswer.model_validate_json(text)
    except ValidationError as error:
        raise Unreadable(_first_fault(error)) from None


def wire_schema(stage: Stage) -> dict[str, Any]:
    """Return the JSON schema of a stage's answer, of the parts that both vendors take (no lengths, no ranges, no titles)."""
    shape = TriageAnswer if stage is Stage.TRIAGE else AnalysisAnswer
    made: dict[str, Any] = _bare(shape.model_json_schema())
    return made


_TAKEN = {"type", "properties", "required", "items", "enum", "$ref", "$defs", "additionalProperties"}


def _bare(schema: Any, *, is_names: bool = False) -> Any:
    """Keep the keywords that both vendors take; below `properties` and `$defs` the keys are names."""
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: _bare(value, is_names=not is_names and key in {"properties", "$defs"})
        for key, value in schema.items()
        if is_names or key in _TAKEN
    }
    return kept if is_names or "properties" not in kept else kept | {"additionalProperties": False}


def _first_fault(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(map(str, first["loc"])) or "the answer"
    return f"{where}: {first['msg']}"[:300]
