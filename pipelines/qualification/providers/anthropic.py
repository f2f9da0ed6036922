"""Claude by Anthropic, by its own SDK; ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL are the SDK's own settings.

The stable part of a question is marked for the vendor's prompt cache. No tools are offered, so that nothing can be called.
"""

from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipelines.qualification.prompt import Prompt
from pipelines.qualification.provider import RETRIES, TIMEOUT_SECONDS, Said, WhyNot, no_answer_of
from warehouse.ledger.llm_calls import Used

if TYPE_CHECKING:
    from anthropic import Anthropic


class AnthropicProvider:
    """See provider.py."""

    name = "anthropic"

    @cached_property
    def _client(self) -> "Anthropic":
        from anthropic import Anthropic

        return Anthropic(timeout=TIMEOUT_SECONDS, max_retries=RETRIES)

    def is_set(self) -> bool:
        """Say whether the SDK has found a key."""
        return bool(self._client.api_key)

    def count_tokens(self, prompt: Prompt, model: str) -> int:
        """Ask the vendor's counter, which is free."""
        with _faults():
            counted = self._client.with_options(max_retries=0, timeout=15.0).messages.count_tokens(
                model=model, **_question(prompt)
            )
            return int(counted.input_tokens)

    def ask(self, prompt: Prompt, model: str) -> Said:
        """Ask for an answer of the schema."""
        with _faults():
            message = self._client.messages.create(
                model=model, max_tokens=prompt.most_answer_tokens, **_question(prompt)
            )
            usage = message.usage
            written, cached = usage.cache_creation_input_tokens or 0, usage.cache_read_input_tokens or 0
            return Said(
                text="".join(block.text for block in message.content if block.type == "text"),
                is_refusal=message.stop_reason == "refusal",
                is_cut_off=message.stop_reason in ("max_tokens", "model_context_window_exceeded", "pause_turn"),
                # The vendor counts apart what its cache read and wrote.
                used=Used(usage.input_tokens + cached + written, cached, written, usage.output_tokens),
                model=message.model,
                request_id=message._request_id or "",
            )


def _question(prompt: Prompt) -> dict[str, Any]:
    return {
        "system": [{"type": "text", "text": prompt.stable, "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": prompt.notice}],
        "output_config": {"format": {"type": "json_schema", "schema": prompt.schema}},
    }


def _faults() -> AbstractContextManager[None]:
    import anthropic

    return no_answer_of(anthropic, anthropic.AnthropicError, _why)


def _why(error: Any) -> WhyNot:
    if error.status_code == 429:
        return WhyNot.RATE_LIMIT
    if error.status_code == 402 or "credit balance" in str(error.message).casefold():
        return WhyNot.BUDGET
    return WhyNot.OUTAGE if error.status_code >= 500 else WhyNot.REJECTED


PROVIDER = AnthropicProvider()
