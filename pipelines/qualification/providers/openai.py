"""GPT by OpenAI, by its own SDK; OPENAI_API_KEY and OPENAI_BASE_URL are the SDK's own settings.

The stable part of a question stands first, which the vendor caches by itself. No tools are offered, nothing is stored there.
"""

from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipelines.qualification.prompt import Prompt
from pipelines.qualification.provider import RETRIES, TIMEOUT_SECONDS, NoAnswer, Said, WhyNot, no_answer_of
from warehouse.ledger.llm_calls import Used

if TYPE_CHECKING:
    from openai import OpenAI


class OpenAIProvider:
    """See provider.py."""

    name = "openai"

    @cached_property
    def _client(self) -> "OpenAI":
        from openai import OpenAI

        return OpenAI(timeout=TIMEOUT_SECONDS, max_retries=RETRIES)

    def is_set(self) -> bool:
        """Say whether the SDK has found a key: it refuses to begin without one."""
        from openai import OpenAIError

        try:
            return bool(self._client.api_key)
        except OpenAIError:
            return False

    def count_tokens(self, prompt: Prompt, model: str) -> int:
        """Ask the vendor's counter, which is free."""
        with _faults():
            counter = self._client.with_options(max_retries=0, timeout=15.0).responses.input_tokens
            return int(counter.count(model=model, **_question(prompt)).input_tokens)

    def ask(self, prompt: Prompt, model: str) -> Said:
        """Ask for an answer of the schema."""
        with _faults():
            answer = self._client.responses.create(
                model=model, max_output_tokens=prompt.most_answer_tokens, store=False, **_question(prompt)
            )
            parts = [part for item in answer.output if item.type == "message" for part in item.content]
            usage = answer.usage
            if usage is None:
                raise NoAnswer(WhyNot.UNREADABLE, "no usage", may_be_owed=True)
            details = usage.input_tokens_details
            reason = answer.incomplete_details.reason if answer.incomplete_details else ""
            return Said(
                text="".join(part.text for part in parts if part.type == "output_text"),
                is_refusal=reason == "content_filter" or any(part.type == "refusal" for part in parts),
                is_cut_off=answer.status != "completed" and reason != "content_filter",
                used=Used(
                    usage.input_tokens,
                    details.cached_tokens or 0,
                    getattr(details, "cache_write_tokens", 0) or 0,
                    usage.output_tokens,
                ),
                model=answer.model,
                request_id=answer._request_id or "",
            )


def _question(prompt: Prompt) -> dict[str, Any]:
    shape = {"type": "json_schema", "name": prompt.stage.value, "schema": prompt.schema, "strict": True}
    return {"instructions": prompt.stable, "input": prompt.notice, "text": {"format": shape}}


def _faults() -> AbstractContextManager[None]:
    import openai

    return no_answer_of(openai, openai.OpenAIError, _why)


def _why(error: Any) -> WhyNot:
    if error.code == "insufficient_quota" or error.status_code == 402:
        return WhyNot.BUDGET
    if error.status_code == 429:
        return WhyNot.RATE_LIMIT
    return WhyNot.OUTAGE if error.status_code >= 500 else WhyNot.REJECTED


PROVIDER = OpenAIProvider()
