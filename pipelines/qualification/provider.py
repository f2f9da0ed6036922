"""What a vendor of models offers: one file each in providers/, found by walking the folder; its SDK is imported only when used.

Here: the protocol, what an answer is, why there may be none, finding vendors. Not here: money and fallback (ask.py).
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from pipelines.qualification import providers
from pipelines.qualification.prompt import Prompt
from warehouse.errors import BadInput
from warehouse.ledger.llm_calls import Used

TIMEOUT_SECONDS = 90.0
RETRIES = 2
"""By the SDK, of what is safe to repeat (408, 409, 429 after its retry-after, 5xx, a broken line)."""


class WhyNot(StrEnum):
    """Why a vendor gave no usable answer, in the words of the record."""

    NOT_SET = "no key is set"
    REFUSAL = "it refused"
    CUT_OFF = "its answer was cut off"
    UNREADABLE = "its answer could not be read"
    RATE_LIMIT = "its rate limit was reached"
    BUDGET = "its budget was used up"
    TIMEOUT = "it did not answer in time"
    OUTAGE = "it was out of order"
    REJECTED = "it rejected the question"
    EXPIRED = "its batch ended before it came to the question"
    CANCELED = "its batch was canceled"


class NoAnswer(Exception):
    """A vendor gave no answer; the message holds no key and no text of a notice."""

    def __init__(self, why: WhyNot, detail: str = "", *, may_be_owed: bool = False) -> None:
        self.why, self.may_be_owed = why, may_be_owed
        super().__init__(f"{why.value}{f' ({detail})' if detail else ''}")


@contextmanager
def no_answer_of(sdk: Any, own_error: type[Exception], why: Callable[[Any], WhyNot]) -> Iterator[None]:
    """Raise what an SDK raises as NoAnswer.

    Args:
        sdk: Its module, whose errors are named as both vendors' SDKs name theirs.
        own_error: The one that all of its errors are.
        why: Tells what an answer with a status that is no success means.
    """
    try:
        yield
    except sdk.APITimeoutError as error:
        raise NoAnswer(WhyNot.TIMEOUT, may_be_owed=True) from error
    except sdk.APIConnectionError as error:
        raise NoAnswer(WhyNot.OUTAGE, "no connection", may_be_owed=True) from error
    except sdk.APIStatusError as error:
        raise NoAnswer(why(error), f"HTTP {error.status_code}") from error
    except (own_error, ValueError, TypeError, AttributeError, LookupError) as error:
        # Not JSON, or not of the shape that the SDK knows: it was answered, and may have been paid.
        raise NoAnswer(WhyNot.UNREADABLE, type(error).__name__, may_be_owed=True) from error


@dataclass(frozen=True)
class Said:
    """What a model answered.

    Attributes:
        text: All of it, as it came.
        is_refusal: It declined to answer.
        is_cut_off: It reached the most tokens, or the context's end.
        model: As the vendor names it in the answer.
        request_id: The vendor's, for asking there.
    """

    text: str
    is_refusal: bool
    is_cut_off: bool
    used: Used
    model: str
    request_id: str


@runtime_checkable
class Provider(Protocol):
    """A vendor of models."""

    @property
    def name(self) -> str:
        """As in the setting `llm_provider`."""

    def is_set(self) -> bool:
        """Say whether there is a key."""

    def count_tokens(self, prompt: Prompt, model: str) -> int:
        """Count the tokens of a question before it is sent.

        Raises:
            NoAnswer: it cannot be counted there.
        """

    def ask(self, prompt: Prompt, model: str) -> Said:
        """Ask a question.

        Raises:
            NoAnswer: there is no answer, with the reason.
        """


def find_provider(name: str) -> Provider:
    """Return a vendor by its file's name.

    Raises:
        BadInput: there is no such file, or it does not import.
    """
    known = provider_names()
    if name not in known:
        raise BadInput(f"no provider is named {name!r}.", todo=f"name one of {', '.join(['offline', *known])}.")
    found = importlib.import_module(f"{providers.__name__}.{name}").PROVIDER
    if not isinstance(found, Provider):
        raise BadInput(
            f"the provider {name} does not offer all of pipelines/qualification/provider.py.", todo="mend its file."
        )
    return found


def provider_names() -> list[str]:
    """Name the vendors that have a file, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(providers.__path__))
