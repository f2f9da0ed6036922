"""A question to a model: a stable part that vendors cache (task, rubric, firm) and the notice, which differs each time.

What a notice says that speaks to a reading machine is left out here. Prompts are the files of prompts/; a change of one makes a
new version by itself. Not here: who is asked (providers/), what is made of the answer (proof.py).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipelines.qualification.answer import SCHEMA_VERSION, wire_schema
from pipelines.qualification.company import to_yaml
from pipelines.qualification.proof import Stored
from pipelines.qualification.rubric import POINTS, RUBRIC_VERSION
from pipelines.qualification.screen import SCREEN_VERSION, flagged_passages, without
from warehouse.domain.assessment import Stage
from warehouse.domain.company import CompanyProfile

PROMPTS = Path(__file__).with_name("prompts")
MOST_CHARACTERS = 24_000
"""Of a description: about 6,000 tokens. What follows are clauses; the reader is told that it was cut."""
_SENT = (
    "title",
    "agency",
    "sub_agency",
    "office",
    "notice_type",
    "set_aside_text",
    "place_state",
    "naics_code",
    "psc_code",
)
_QUOTABLE = ("title", "description")
CHARACTERS_PER_TOKEN = 3.5
"""Of English with numbers: for a forecast before a vendor has counted."""
MOST_ANSWER_TOKENS = {Stage.TRIAGE: 500, Stage.ANALYSIS: 3_000}


@dataclass(frozen=True)
class Prompt:
    """One question, whoever is asked.

    Attributes:
        stable: The same for every notice of one profile.
        notice: What differs.
        schema: JSON schema of the answer.
        most_answer_tokens: Where the answer is cut off.
        nonce: Empty; set where a person wants the same question asked anew.
    """

    stage: Stage
    stable: str
    notice: str
    schema: Mapping[str, object]
    most_answer_tokens: int
    nonce: str = ""

    def hash_for(self, model: str) -> str:
        """Name the question to one model: 64 hex digits of prompt, model and schema version."""
        said = [self.stable, self.notice, model, SCHEMA_VERSION, str(self.most_answer_tokens), self.nonce]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def stored_notice(row: Mapping[str, object]) -> Stored:
    """Look through a row of `opportunities` for what speaks to a reading machine."""
    fields = {name: str(row[name]) for name in (*_SENT, "description") if row.get(name)}
    return Stored(fields, {name: flagged_passages(text) for name, text in fields.items()})


def build_prompt(stage: Stage, profile: CompanyProfile, stored: Stored, *, nonce: str = "") -> Prompt:
    """Put the question together."""
    stable = "\n\n".join([_task(stage), _rubric() if stage is Stage.ANALYSIS else "", "# The firm", to_yaml(profile)])
    return Prompt(stage, stable, _notice(stored), wire_schema(stage), MOST_ANSWER_TOKENS[stage], nonce)


@cache
def prompt_version() -> str:
    """Name everything that shapes a question or its reading beside profile, notice and model: twelve hex digits."""
    said = [_task(stage) for stage in Stage] + [
        _rubric(),
        RUBRIC_VERSION,
        SCHEMA_VERSION,
        SCREEN_VERSION,
        str(MOST_CHARACTERS),
    ]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:12]


@cache
def _task(stage: Stage) -> str:
    return (PROMPTS / f"{stage.value}.md").read_text(encoding="utf-8").strip()


def _rubric() -> str:
    return "\n".join(["# The rubric", *(f"- {point.key}: {point.asks}" for point in POINTS)])


def _notice(stored: Stored) -> str:
    """Write the notice between marks that its own text cannot hold, because they are made from its hash."""
    fields = {name: without(text, stored.flagged.get(name, ())) for name, text in stored.fields.items()}
    description = fields.pop("description", "")
    cut = description[:MOST_CHARACTERS]
    lines = [
        f"{name}: {' '.join(text.split()) if name not in _QUOTABLE else text}" for name, text in fields.items() if text
    ]
    if len(cut) < len(description):
        lines.append(f"(the description is cut after {MOST_CHARACTERS} characters)")
    body = "\n".join([*lines, "description:", cut])
    mark = hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"<notice {mark}>\n{body}\n</notice {mark}>"
