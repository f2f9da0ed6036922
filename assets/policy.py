"""What holds for every asset: how it is retried, and how a use case's answer becomes what Dagster's pages show."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeAlias, TypeVar

import dagster as dg
import duckdb
import psycopg
from dagster._core.errors import DagsterExecutionInterruptedError

from warehouse.errors import SourceQuotaExceeded, SourceUnavailable, StoreUnavailable
from warehouse.redaction import clean_error

P = ParamSpec("P")
T = TypeVar("T")
Metadata: TypeAlias = dg.MetadataValue[Any]
AWAY = (
    SourceUnavailable, StoreUnavailable, psycopg.OperationalError, duckdb.IOException, duckdb.TransactionException,
)  # fmt: skip
"""What a restart of a store or a busy source looks like; the stores' own errors where they are met bare."""

RETRY = dg.RetryPolicy(max_retries=3, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""2, 4 and 8 s, give or take: a restarted PostgreSQL is back within 3. Every use case is safe to repeat."""


def only_absence_is_retried(body: Callable[P, T]) -> Callable[P, T]:
    """Let what is merely away be tried again; a refusal (bad input, a full disk) or a fault of ours stays one."""

    @wraps(body)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return body(*args, **kwargs)
        except DagsterExecutionInterruptedError as error:
            # With a retry policy Dagster would begin the step again after Ctrl-C or a cancel.
            raise dg.Failure("The run was asked to stop.", allow_retries=False) from error
        except AWAY as error:
            clean_error(error)
            if isinstance(error, SourceQuotaExceeded):
                raise dg.Failure(str(error), allow_retries=False) from error
            raise
        except dg.Failure:
            raise
        except Exception as error:  # the outermost edge of a step: Dagster records it, and must not repeat it
            clean_error(error)
            raise dg.Failure(str(error), allow_retries=False) from error

    return guarded


def shown(counts: object) -> dict[str, Metadata]:
    """Turn a summary into a run's metadata: each count by itself, so that Dagster draws it over time, and all as a table.

    Args:
        counts: A dataclass or a mapping of names to numbers, texts, lists.
    """
    facts: dict[str, object] = asdict(counts) if is_dataclass(counts) else dict(counts)  # type: ignore[arg-type, call-overload]
    metadata = {name: _value(value) for name, value in facts.items()}
    numbers = [(name, value) for name, value in facts.items() if isinstance(value, int | float)]
    return metadata | {"summary": dg.MetadataValue.md(_table(("what", "count"), numbers))} if numbers else metadata


def _value(value: object) -> Metadata:
    if isinstance(value, bool):
        return dg.MetadataValue.bool(value)
    if isinstance(value, int):
        return dg.MetadataValue.int(value)
    if isinstance(value, float):
        return dg.MetadataValue.float(value)
    if isinstance(value, str):
        return dg.MetadataValue.text(
            str(value)
        )  # a word of an enumeration is one too, and Dagster stores plain ones alone
    return dg.MetadataValue.json(json.loads(json.dumps(value, default=str)))


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value).replace("|", "\\|")


def to_check_result(
    found: tuple[bool, Mapping[str, object]], severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR
) -> dg.AssetCheckResult:
    """Turn a check's answer and facts into what Dagster records."""
    passed, facts = found
    return dg.AssetCheckResult(passed=passed, severity=severity, metadata=shown(facts))
