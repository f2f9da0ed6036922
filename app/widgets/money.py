"""Dollars in words: short in tables, exact where there is room."""

from decimal import Decimal

STEPS = ((Decimal("1e9"), "B"), (Decimal("1e6"), "M"), (Decimal("1e3"), "k"))


def short(amount_usd: Decimal | None) -> str:
    """Write an amount in three digits: "$1.25M"; "" where it is not known."""
    if amount_usd is None:
        return ""
    for step, letter in STEPS:
        if abs(amount_usd) >= step:
            value = amount_usd / step
            digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
            return f"${value:.{digits}f}".rstrip("0").rstrip(".") + letter if digits else f"${value:.0f}{letter}"
    return f"${amount_usd:,.0f}"


def exact(amount_usd: Decimal | None) -> str:
    """Write an amount to the cent: "$1,250,000.00"; "not stated" where it is not known."""
    return "not stated" if amount_usd is None else f"${amount_usd:,.2f}"
