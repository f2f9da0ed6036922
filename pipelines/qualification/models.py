"""Which model is asked for what, and what its tokens cost: read from models.toml or a file of one's own.

Not here: ceilings (settings in the ledger), the calls themselves (ask.py).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from warehouse.domain.assessment import Stage
from warehouse.errors import BadInput
from warehouse.ledger.llm_calls import Used

SHIPPED = Path(__file__).with_suffix(".toml")
_MILLION = Decimal(1_000_000)
_CENT_OF_A_CENT = Decimal("0.000001")
_KINDS = ("input", "cached", "written", "output")


@dataclass(frozen=True)
class Price:
    """USD per million tokens: read anew, read from the vendor's cache, written into it, answered; and the day of the list.

    Attributes:
        batch: The share of all of these that is paid in the vendor's batches; None: it takes none of this model.
        is_of_batch: Whether these are the prices in a batch.
    """

    input: Decimal
    cached: Decimal
    written: Decimal
    output: Decimal
    priced_on: date
    batch: Decimal | None = None
    is_of_batch: bool = False

    def in_batch(self) -> "Price | None":
        """Return the prices in the vendor's batches; None where it takes none of this model."""
        if self.batch is None:
            return None
        share = self.batch
        return replace(
            self, input=self.input * share, cached=self.cached * share, written=self.written * share, output=self.output * share,
            is_of_batch=True,
        )  # fmt: skip

    def cost(self, used: Used) -> Decimal:
        """Compute what a call cost, USD to six decimals."""
        fresh = max(0, used.input - used.cached - used.written)
        sums = fresh * self.input + used.cached * self.cached + used.written * self.written + used.output * self.output
        return (sums / _MILLION).quantize(_CENT_OF_A_CENT, ROUND_HALF_UP)

    def most(self, input_tokens: int, output_tokens: int) -> Decimal:
        """Bound what a call can cost, whatever the vendor's cache does."""
        dearest = max(self.input, self.written, self.cached)
        return ((input_tokens * dearest + output_tokens * self.output) / _MILLION).quantize(
            _CENT_OF_A_CENT, ROUND_CEILING
        )

    def as_json(self) -> dict[str, str]:
        """Write the price as it is kept beside a call."""
        said = {kind: str(getattr(self, kind)) for kind in _KINDS} | {"priced_on": self.priced_on.isoformat()}
        return said | {"batch": str(self.batch)} if self.is_of_batch else said


@dataclass(frozen=True)
class Models:
    """The whole file.

    Attributes:
        use: Provider -> stage -> model id.
        prices: Model id -> price.
    """

    use: dict[str, dict[Stage, str]]
    prices: dict[str, Price]


def read_models(path: Path | None = None) -> Models:
    """Read the file of models; None: the one that ships.

    Raises:
        BadInput: it cannot be read, lacks a model's price, or a price is no amount.
    """
    path = path or SHIPPED
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        priced_on = document["priced_on"]
        prices = {model: _price(entry, priced_on) for model, entry in document["price"].items()}
        use = {name: {stage: entry[stage.value] for stage in Stage} for name, entry in document["use"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidOperation) as error:
        raise BadInput(
            f"the file of models {path.name} cannot be used: {type(error).__name__}: {error}.",
            kept="no model was asked.",
            todo="write it as pipelines/qualification/models.toml is written.",
        ) from error
    unpriced = sorted({model for stages in use.values() for model in stages.values()} - prices.keys())
    if unpriced:
        raise BadInput(
            f"no price is given for {', '.join(unpriced)}.", kept="no model was asked.", todo=f"add it to {path.name}."
        )
    return Models(use, prices)


def price_of(kept: Mapping[str, str]) -> Price:
    """Read a price as it is kept beside a call."""
    return Price(*_amounts(kept), priced_on=date.fromisoformat(kept["priced_on"]))


def _price(entry: dict[str, Any], priced_on: date) -> Price:
    amounts = _amounts(entry)
    if not isinstance(priced_on, date) or not all(amount.is_finite() and amount >= 0 for amount in amounts):
        raise ValueError("a price is an amount of 0 or more, and priced_on a date")
    batch = Decimal(str(entry["batch"])) if "batch" in entry else None
    if batch is not None and not 0 <= batch <= 1:
        raise ValueError("a batch's price is a share from 0 to 1 of the others")
    return Price(*amounts, priced_on=priced_on, batch=batch)


def _amounts(entry: Mapping[str, Any]) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    fresh, cached, written, output = (Decimal(str(entry[kind])) for kind in _KINDS)
    return fresh, cached, written, output
