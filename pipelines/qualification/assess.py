"""The cascade behind rules and ranker: triage of what the ranker passes on, analysis of what triage passes on.

Nothing is asked again unless content, profile, prompts or models changed, or a person asks anew. What a model says never
touches a fit score, a rule or another opportunity: it becomes rows of its own. Not here: rules and ranker (qualify.py), money
(ask.py), what counts as proven (proof.py).
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TypeAlias

from pipelines.qualification.answer import SCHEMA_VERSION, read_analysis, read_triage
from pipelines.qualification.ask import Asker, Unanswered
from pipelines.qualification.bulk import Basket, send_basket
from pipelines.qualification.bulk_provider import BulkProvider
from pipelines.qualification.company import profile_version
from pipelines.qualification.models import Models, read_models
from pipelines.qualification.profiles import ensure_company
from pipelines.qualification.prompt import (
    CHARACTERS_PER_TOKEN,
    MOST_ANSWER_TOKENS,
    Prompt,
    build_prompt,
    prompt_version,
    stored_notice,
)
from pipelines.qualification.proof import Concluded, Stored, conclude_analysis, conclude_triage
from pipelines.qualification.provider import Provider, find_provider, provider_names
from warehouse.clock import now
from warehouse.domain.assessment import Assessment, Outcome, Stage
from warehouse.domain.audit_event import AuditEvent, Fact
from warehouse.domain.company import CompanyProfile
from warehouse.ledger.assessments import read_askable, waiting, write_assessment
from warehouse.ledger.llm_batches import in_batches
from warehouse.ledger.llm_calls import costs_so_far
from warehouse.ledger.store import SYSTEM, Ledger
from warehouse.ledger.system_settings import read_settings
from warehouse.settings import current

_Got: TypeAlias = list[Assessment] | Unanswered
OFFLINE = "offline"
NO_KEY = "no key is set: ANTHROPIC_API_KEY or OPENAI_API_KEY"
AT_ONCE = 4
_SHARE_ANALYSED = 0.5
"""For a forecast before anything was asked: as if triage passed on every second one."""


@dataclass(frozen=True)
class Plan:
    """What a run would ask, and about what it would cost.

    Attributes:
        ids: Opportunities to ask about, the best first.
        calls: About how many calls.
        usd: About what they cost.
        provider: Who is asked first; offline asks nobody.
        is_bulk: They go through the vendor's batches, at its lower price, and are read by a later run.
    """

    ids: tuple[str, ...]
    calls: int
    usd: Decimal
    provider: str
    is_bulk: bool = False


@dataclass
class Assessed:
    """What a run did.

    Attributes:
        waiting: How many were to be asked about.
        asked: How many were concluded on, at either stage.
        in_batch: How many a batch is to answer about; a later run reads it.
        unanswered: How many got no answer; they are asked about by the next run.
        by_outcome: How many ended how.
        cost_usd: Paid in this run.
        stopped_because: The ceiling or the missing key that ended it; empty when none did.
    """

    waiting: int = 0
    asked: int = 0
    in_batch: int = 0
    unanswered: int = 0
    by_outcome: Counter[str] = field(default_factory=Counter)
    by_provider: Counter[str] = field(default_factory=Counter)
    cost_usd: Decimal = Decimal(0)
    stopped_because: str = ""

    def as_metadata(self) -> dict[str, object]:
        """Return the counts for a run's page."""
        return {
            "waiting": self.waiting, "asked": self.asked, "in_batch": self.in_batch, "unanswered": self.unanswered,
            "cost_usd": str(self.cost_usd), "stopped_because": self.stopped_because, **dict(self.by_outcome),
        }  # fmt: skip

    def add(self, more: "Assessed") -> None:
        """Add what another part of the run did."""
        for name in ("waiting", "asked", "in_batch", "unanswered"):
            setattr(self, name, getattr(self, name) + getattr(more, name))
        self.by_outcome.update(more.by_outcome)
        self.by_provider.update(more.by_provider)
        self.cost_usd += more.cost_usd
        self.stopped_because = self.stopped_because or more.stopped_because


def chosen_provider(ledger: Ledger) -> str:
    """Return the setting `llm_provider`."""
    with ledger.read() as tx:
        return read_settings(tx).get("llm_provider", OFFLINE)


def plan_assessments(
    ledger: Ledger,
    *,
    at: datetime,
    provider: str = "",
    everything: bool = False,
    limit: int | None = None,
    singly: bool = False,
) -> Plan:
    """Say what is to be asked and forecast its cost; asks nobody and writes nothing but a missing company profile.

    What an open batch is to answer about is not asked about again.

    Args:
        at: The instant at which the world is looked at.
        provider: Who is asked first; empty: the setting.
        everything: Also what the ranker gives fewer points than the setting asks for.
        limit: Most opportunities; None: all.
        singly: Ask question by question, however many there are.
    """
    name = provider or chosen_provider(ledger)
    if name == OFFLINE:
        return Plan((), 0, Decimal(0), OFFLINE)
    takes_batches = isinstance(find_provider(name), BulkProvider)
    models, profile = read_models(current().llm_models), ensure_company(ledger).profile
    with ledger.read() as tx:
        settings, asked = read_settings(tx), in_batches(tx)
        least = 0 if everything else int(settings["llm_ask_from_points"])
        rows = [
            row
            for row in waiting(tx, from_points=least, at=at)
            if row.id not in asked and _basis(row.content_hash, profile, models) not in row.known
        ]
        taken = costs_so_far(tx)
    ids = tuple(row.id for row in rows[:limit])
    stages = {Stage.TRIAGE: len(ids), Stage.ANALYSIS: round(len(ids) * _SHARE_ANALYSED)}
    known = {row["model"]: (row["input"], row["output"]) for row in taken}
    is_bulk = takes_batches and not singly and 0 < int(settings["llm_batch_from"]) <= sum(stages.values())
    usd = Decimal(0)
    for stage, calls in stages.items():
        model = models.use[name][stage]
        price = models.prices[model]
        guessed = (_guessed_tokens(stage, profile), MOST_ANSWER_TOKENS[stage] / 4)
        tokens_in, tokens_out = known.get(model, guessed)
        price = (price.in_batch() if is_bulk else None) or price
        usd += price.most(round(tokens_in), round(tokens_out)) * calls
    return Plan(ids, sum(stages.values()), usd, name, is_bulk)


def assess_opportunities(
    ledger: Ledger,
    ids: Sequence[str],
    *,
    provider: str,
    clock: Callable[[], datetime] = now,
    asked_by: str = SYSTEM,
    nonce: str = "",
    in_bulk: bool = False,
    report: Callable[[int, int], None] = lambda _done, _of: None,
) -> Assessed:
    """Ask about these opportunities, several side by side, until all are done or a ceiling is reached (role: pipeline).

    Args:
        provider: Who is asked first; every other vendor with a key stands behind.
        asked_by: Whom the record names: a profile's id, or the product.
        nonce: Where a person asks anew: the request's id, so that the answer of before is not taken.
        in_bulk: Put what the first vendor has not been asked into batches, and leave them to be read by a later run.
        report: Told how many of how many are done.
    """
    done = Assessed(waiting=len(ids))
    if provider == OFFLINE or not ids:
        return done
    providers = providers_in_order(provider)
    if not providers:
        done.unanswered, done.stopped_because = len(ids), NO_KEY
        return done
    company = ensure_company(ledger)
    first = providers[0]
    basket = Basket(first) if in_bulk and isinstance(first, BulkProvider) else None
    asker = Asker(ledger, providers, read_models(current().llm_models), clock, basket)
    one = partial(_assess_one, asker, company.profile, asked_by, nonce)
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        for index, got in enumerate(_until_a_ceiling(crowd, one, ids, done), start=1):
            _count(done, got)
            report(index, len(ids))
    if basket:
        _count_sent(done, send_basket(ledger, basket, {name: place for place, name in enumerate(ids)}, clock))
    return done


def providers_in_order(first: str) -> list[Provider]:
    """Return the first vendor and behind it every other one that has a key."""
    others = [find_provider(name) for name in provider_names() if name != first]
    return [provider for provider in (find_provider(first), *others) if provider.is_set()]


def _until_a_ceiling(
    crowd: ThreadPoolExecutor, one: Callable[[str], _Got], ids: Sequence[str], done: Assessed
) -> Iterator[_Got]:
    """Yield what came of each; twins that met one asking at the same moment come last, when its answer is there."""
    busy: list[str] = []
    for start in range(0, len(ids), AT_ONCE):
        part = ids[start : start + AT_ONCE]
        for opportunity_id, got in zip(part, crowd.map(one, part), strict=True):
            if isinstance(got, Unanswered) and got.is_busy:
                busy.append(opportunity_id)
            else:
                yield got
        if done.stopped_because:
            return
    yield from map(one, busy)


def _assess_one(asker: Asker, profile: CompanyProfile, asked_by: str, nonce: str, opportunity_id: str) -> _Got:
    """Carry one opportunity through triage and analysis; each conclusion is a deed of its own."""
    with asker.ledger.read() as tx:
        row = read_askable(tx, opportunity_id)
    if row is None:
        return []
    stored, found = stored_notice(row), list[Assessment]()
    for stage in Stage:
        prompt = build_prompt(stage, profile, stored, nonce=nonce)
        concluded = _ask_stage(asker, prompt, stored, opportunity_id)
        if isinstance(concluded, Unanswered):
            return concluded
        facts: dict[str, Fact] = {
            "stage": stage.value, "outcome": concluded.outcome.value, "provider": concluded.provider,
            "cost_usd": str(concluded.cost_usd), "asked_by": asked_by,
        }  # fmt: skip
        is_new = False
        with asker.ledger.deed(AuditEvent("opportunity:assessed", opportunity_id, SYSTEM, facts)) as deed:
            is_new = write_assessment(
                deed, opportunity_id, concluded, basis=_basis(row["content_hash"], profile, asker.models), content_hash=row["content_hash"],
                profile_version=profile_version(profile), prompt_version=prompt_version(), question=prompt.hash_for(""),
                asked_by=asked_by, at=asker.now(),
            )  # fmt: skip
            if not is_new:
                deed.nothing_happened()
        found.append(concluded if is_new else replace(concluded, cost_usd=Decimal(0)))
        if concluded.outcome is Outcome.STOPPED:
            break
    return found


def _ask_stage(asker: Asker, prompt: Prompt, stored: Stored, opportunity_id: str) -> Assessment | Unanswered:
    flagged = sum(len(passages) for passages in stored.flagged.values())
    got = asker.ask(prompt, opportunity_id, partial(_conclude, prompt.stage, stored))
    if isinstance(got, Unanswered):
        if not got.is_final:
            return got
        # An unreadable triage stops nothing; an unreadable analysis is a conclusion without a score.
        why = f"Nobody gave a usable answer: {got.why}"
        return Assessment(prompt.stage, Outcome.UNREADABLE, why, got.provider, got.model, got.cost_usd, flagged=flagged)
    concluded = got.answer
    return Assessment(
        prompt.stage, concluded.outcome, concluded.why, got.provider, got.model, got.cost_usd, got.fell_back_because, concluded.score,
        concluded.recommendation, concluded.points, concluded.dropped, flagged,
    )  # fmt: skip


def _conclude(stage: Stage, stored: Stored, text: str) -> Concluded:
    if stage is Stage.TRIAGE:
        return conclude_triage(read_triage(text), stored)
    return conclude_analysis(read_analysis(text), stored)


def _basis(content_hash: str, profile: CompanyProfile, models: Models) -> str:
    """Name what a conclusion rests on: the notice, the firm, the prompts, the models, the shape of answers."""
    said = [
        content_hash,
        profile_version(profile),
        prompt_version(),
        SCHEMA_VERSION,
        json.dumps(models.use, sort_keys=True),
    ]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()


def _count(done: Assessed, got: list[Assessment] | Unanswered) -> None:
    if isinstance(got, Unanswered):
        done.in_batch += got.is_in_batch
        done.unanswered += not got.is_in_batch
        done.cost_usd += got.cost_usd
        if got.ceiling in {"day", "month"}:
            done.stopped_because = f"the ceiling for the {got.ceiling} is reached"
        return
    for one in got:
        done.cost_usd += one.cost_usd
        done.by_provider[one.provider] += 1
    if got:
        done.asked += 1
        done.by_outcome[got[-1].outcome.value] += 1


def _count_sent(done: Assessed, verdicts: Counter[str]) -> None:
    """Take back what lay in the basket and went into no batch; a twin of a question that did is answered with it."""
    left = sum(count for verdict, count in verdicts.items() if verdict not in {"reserved", "open"})
    done.in_batch -= left
    done.unanswered += left
    for ceiling in ("month", "day"):
        if verdicts[ceiling]:
            done.stopped_because = f"the ceiling for the {ceiling} is reached"


def _guessed_tokens(stage: Stage, profile: CompanyProfile) -> float:
    """Guess a question's tokens from its stable part and a notice of 2,000 characters."""
    return (len(build_prompt(stage, profile, Stored({}, {})).stable) + 2_000) / CHARACTERS_PER_TOKEN
