"""Claude by Anthropic, by its own SDK; ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL are the SDK's own settings.

The stable part of a question is marked for the vendor's prompt cache. No tools are offered, so that nothing can be called.
Batches are Message Batches: they carry no name of ours, so that a lost one is known by the custom ids in its results.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipelines.qualification.bulk_provider import CLOCKS_DIFFER, Result, Seen, read_lines
from pipelines.qualification.prompt import Prompt
from pipelines.qualification.provider import RETRIES, TIMEOUT_SECONDS, NoAnswer, Said, WhyNot, no_answer_of
from warehouse.ledger.llm_batches import custom_id_prefix
from warehouse.ledger.llm_calls import Used

if TYPE_CHECKING:
    from anthropic import Anthropic
    from anthropic.types import Message


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
            return _said(message, message._request_id or "")

    def send(self, batch_id: str, model: str, questions: Mapping[str, Prompt]) -> str:
        """Create a Message Batch; never tried twice, because a first try may have arrived."""
        with _faults():
            made = self._client.with_options(max_retries=0).messages.batches.create(
                requests=[
                    {
                        "custom_id": custom_id,
                        "params": {"model": model, "max_tokens": prompt.most_answer_tokens, **_question(prompt)},  # type: ignore[typeddict-item]
                    }
                    for custom_id, prompt in questions.items()
                ]
            )
            return made.id

    def find(self, batch_id: str, count: int, since: datetime, known: Collection[str]) -> str | None:
        """Look through the batches since then: those of as many questions tell by their results whose they are."""
        is_unsure = False
        with _faults():
            for batch in self._client.messages.batches.list(limit=100):
                if batch.created_at < since - CLOCKS_DIFFER:
                    break
                told = batch.request_counts
                holds = told.processing + told.succeeded + told.errored + told.canceled + told.expired
                if batch.id in known or holds != count:
                    continue
                if batch.processing_status != "ended":
                    is_unsure = True
                    continue
                custom_ids = [result.custom_id for result in self.results(batch.id)]
                if any(custom_id.startswith(custom_id_prefix(batch_id)) for custom_id in custom_ids):
                    return batch.id
                is_unsure = is_unsure or not custom_ids
        return None if is_unsure else ""

    def look(self, vendor_id: str) -> Seen:
        """Retrieve a Message Batch; it never fails as a whole once it is taken."""
        with _faults():
            return Seen(self._client.messages.batches.retrieve(vendor_id).processing_status == "ended")

    def results(self, vendor_id: str) -> Iterator[Result]:
        """Stream the results, line by line."""
        import httpx2

        with _faults():
            asked = self._client.messages.batches.with_streaming_response.results(vendor_id)
            try:
                with asked as response:
                    yield from read_lines(response.iter_bytes(), _read_result)
            except httpx2.HTTPError as error:
                raise NoAnswer(WhyNot.OUTAGE, "its results broke off") from error

    def forget(self, vendor_id: str) -> None:
        """Delete a Message Batch with its results."""
        with _faults():
            self._client.messages.batches.delete(vendor_id)


def _said(message: "Message", request_id: str) -> Said:
    usage = message.usage
    written, cached = usage.cache_creation_input_tokens or 0, usage.cache_read_input_tokens or 0
    return Said(
        text="".join(block.text for block in message.content if block.type == "text"),
        is_refusal=message.stop_reason == "refusal",
        is_cut_off=message.stop_reason in ("max_tokens", "model_context_window_exceeded", "pause_turn"),
        # The vendor counts apart what its cache read and wrote.
        used=Used(usage.input_tokens + cached + written, cached, written, usage.output_tokens),
        model=message.model,
        request_id=request_id,
    )


def _read_result(entry: dict[str, Any]) -> Said:
    from anthropic.types import Message

    with _faults():
        result = entry["result"]
        kind = result["type"]
        if kind == "succeeded":
            return _said(Message.construct(**result["message"]), "")
        if kind == "errored":
            raise NoAnswer(WhyNot.REJECTED, str(result["error"]["error"]["type"])[:80])
        # The vendor charges none of these.
        raise NoAnswer(WhyNot.EXPIRED if kind == "expired" else WhyNot.CANCELED)


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
