"""GPT by OpenAI, by its own SDK; OPENAI_API_KEY and OPENAI_BASE_URL are the SDK's own settings.

The stable part of a question stands first, which the vendor caches by itself. No tools are offered, nothing is stored there;
but a batch's files, which are deleted when it has been read, and by the vendor after three days.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipelines.qualification.bulk_provider import CLOCKS_DIFFER, Result, Seen, read_lines
from pipelines.qualification.prompt import Prompt
from pipelines.qualification.provider import RETRIES, TIMEOUT_SECONDS, NoAnswer, Said, WhyNot, no_answer_of
from warehouse.ledger.llm_calls import Used

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.responses import Response

_NAME = "procura_batch"
"""Of our own id in a batch's metadata."""
_KEPT_SECONDS = 3 * 24 * 3600


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
            return _said(answer, answer._request_id or "")

    def send(self, batch_id: str, model: str, questions: Mapping[str, Prompt]) -> str:
        """Upload the questions and create a batch of them; that is never tried twice, because a first try may have arrived."""
        lines = (
            {
                "custom_id": custom_id,
                "method": "POST",
                "url": "/v1/responses",
                "body": {
                    "model": model, "max_output_tokens": prompt.most_answer_tokens, "store": False, **_question(prompt),
                },
            }
            for custom_id, prompt in questions.items()
        )  # fmt: skip
        body = "\n".join(map(json.dumps, lines)).encode()
        with _faults():
            sent = self._client.files.create(
                file=(f"{batch_id}.jsonl", body),
                purpose="batch",
                expires_after={"anchor": "created_at", "seconds": _KEPT_SECONDS},
            )
            made = self._client.with_options(max_retries=0).batches.create(
                input_file_id=sent.id,
                endpoint="/v1/responses",
                completion_window="24h",
                metadata={_NAME: batch_id},
                output_expires_after={"anchor": "created_at", "seconds": _KEPT_SECONDS},
            )
            return made.id

    def find(self, batch_id: str, count: int, since: datetime, known: Collection[str]) -> str | None:
        """Look through the batches since then for our own id in their metadata."""
        with _faults():
            for batch in self._client.batches.list(limit=100):
                if batch.created_at < (since - CLOCKS_DIFFER).timestamp():
                    break
                if (batch.metadata or {}).get(_NAME) == batch_id:
                    return batch.id
        return ""

    def look(self, vendor_id: str) -> Seen:
        """Retrieve a batch; one whose file was not accepted fails as a whole and costs nothing."""
        with _faults():
            batch = self._client.batches.retrieve(vendor_id)
            if batch.status != "failed":
                return Seen(batch.status in ("completed", "expired", "cancelled"))
            faults = batch.errors.data if batch.errors and batch.errors.data else []
            return Seen(True, f"{WhyNot.REJECTED.value} ({', '.join(sorted({str(one.code) for one in faults}))[:200]})")

    def results(self, vendor_id: str) -> Iterator[Result]:
        """Read the file of answers and the file of errors."""
        with _faults():
            batch = self._client.batches.retrieve(vendor_id)
            for file_id in (batch.output_file_id, batch.error_file_id):
                if file_id:
                    yield from read_lines([self._client.files.content(file_id).content], _read_result)

    def forget(self, vendor_id: str) -> None:
        """Delete the batch's files."""
        with _faults():
            batch = self._client.batches.retrieve(vendor_id)
            for file_id in (batch.input_file_id, batch.output_file_id, batch.error_file_id):
                if file_id:
                    self._client.files.delete(file_id)


def _said(answer: "Response", request_id: str) -> Said:
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
        request_id=request_id,
    )


def _read_result(entry: dict[str, Any]) -> Said:
    from openai.types.responses import Response

    with _faults():
        error, response = entry.get("error"), entry.get("response")
        if error or not response:
            code = str((error or {}).get("code"))[:80]
            raise NoAnswer(WhyNot.EXPIRED if code == "batch_expired" else WhyNot.CANCELED, code)
        if response["status_code"] != 200:
            raise NoAnswer(WhyNot.REJECTED, f"HTTP {response['status_code']}")
        return _said(Response.construct(**response["body"]), str(response.get("request_id") or ""))


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
