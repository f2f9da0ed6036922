"""`procura qualify`: score what needs it, then ask a model about what is worth it, after saying what that will cost."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import print_json, progress_line
from warehouse.clock import now, world_instant
from warehouse.errors import BadInput
from warehouse.settings import current, parse_as_of

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.qualification.assess import Assessed, Plan
    from pipelines.qualification.qualify import Qualification
    from warehouse.ledger.llm_batches import Batch


def qualify(
    *,
    provider: Annotated[
        str | None, typer.Option("--provider", help="offline, anthropic or openai; else the setting.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=0, help="Ask about no more opportunities than this.")
    ] = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="Ask about every open one that no rule excludes, not only what the ranker passes on."
        ),
    ] = False,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Look at the world as of this date or instant.")] = None,
    at_once: Annotated[
        bool, typer.Option("--now", help="Ask question by question, at full price, however many there are.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before spending.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")] = False,
) -> None:
    """Score what needs it: rules, the local ranker, and a model where one is set."""
    from pipelines.qualification.assess import assess_opportunities, plan_assessments
    from pipelines.qualification.bulk_follow import follow_batches
    from pipelines.qualification.qualify import qualify_open_opportunities
    from warehouse.ledger.llm_batches import unfinished
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    at = _instant(as_of)
    with open_stores(current()), progress_line() as line:
        ledger = open_ledger("procura_pipeline")
        scored = qualify_open_opportunities(ledger, as_of=at)
        followed = follow_batches(ledger)
        plan = plan_assessments(
            ledger, at=at, provider=provider or "", everything=everything, limit=limit, singly=at_once
        )
        if plan.ids and not yes and not typer.confirm(f"{_forecast(plan)} Continue?", err=True):
            raise BadInput(
                "not confirmed.", kept="all local scores; no model was asked.", todo="answer y, or give --yes."
            )
        done = assess_opportunities(
            ledger,
            plan.ids,
            provider=plan.provider,
            clock=now,
            in_bulk=plan.is_bulk,
            report=lambda n, of: line("asking", n, of),
        )
        with ledger.read() as tx:
            batches = unfinished(tx)
    if as_json:
        print_json(_as_json(scored, plan, done) | _batches_as_json(followed, batches))
    else:
        print("\n".join([*_in_words(scored, plan, done), *_batches_in_words(followed, batches)]))


def _instant(as_of: str | None) -> "datetime":
    try:
        stated = parse_as_of(as_of)
    except ValueError as error:
        raise BadInput(
            f"--as-of: {error}.", kept="nothing was scored.", todo="write a date, such as 2026-04-10."
        ) from None
    from datetime import datetime

    return stated if isinstance(stated, datetime) else world_instant()


def _forecast(plan: "Plan") -> str:
    how = " in batches, answered within a day" if plan.is_bulk else ""
    return f"{len(plan.ids):,} opportunities, about {plan.calls:,} calls{how}, about {plan.usd:.2f} USD."


def _as_json(scored: "Qualification", plan: "Plan", done: "Assessed") -> dict[str, object]:
    return {
        "scored": scored.scored, "unchanged": scored.unchanged, "provider": plan.provider, "waiting": done.waiting,
        "forecast_calls": plan.calls, "forecast_usd": str(plan.usd), "asked": done.asked, "in_batch": done.in_batch,
        "unanswered": done.unanswered,
        "outcomes": dict(done.by_outcome), "answered_by": dict(done.by_provider), "cost_usd": str(done.cost_usd),
        "stopped_because": done.stopped_because,
    }  # fmt: skip


def _batches_as_json(followed: "Assessed", batches: "list[Batch]") -> dict[str, object]:
    return {
        "from_batches": {"asked": followed.asked, "outcomes": dict(followed.by_outcome), "cost_usd": str(followed.cost_usd)},
        "batches": [
            {
                "provider": batch.provider, "purpose": batch.purpose.value, "state": batch.state, "questions": batch.questions,
                "open": batch.open, "since": batch.made_at.isoformat(), "most_usd": str(batch.most_usd), "fault": batch.fault,
            }
            for batch in batches
        ],
    }  # fmt: skip


def _batches_in_words(followed: "Assessed", batches: "list[Batch]") -> list[str]:
    lines = [f"{followed.asked:,} concluded from batches; {followed.cost_usd:.6f} USD."] if followed.asked else []
    if batches:
        count, most = sum(batch.open for batch in batches), sum(batch.most_usd for batch in batches)
        lines.append(
            f"{count:,} questions are in batches since {batches[0].made_at.isoformat(timespec='minutes')}, {most:.6f} USD at most;"
            " a later run reads them."
        )
    return lines


def _in_words(scored: "Qualification", plan: "Plan", done: "Assessed") -> list[str]:
    lines = [f"{scored.scored:,} newly scored, {scored.unchanged:,} unchanged."]
    if plan.provider == "offline":
        return [*lines, "No model is set (llm_provider: offline)."]
    outcomes = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in sorted(done.by_outcome.items()))
    lines.append(
        f"{done.asked:,} of {done.waiting:,} read by a model{f': {outcomes}' if outcomes else ''}; {done.cost_usd:.6f} USD."
    )
    if done.unanswered:
        lines.append(f"{done.unanswered:,} got no answer; the next run asks again. {done.stopped_because}".strip())
    return lines
