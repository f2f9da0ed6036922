"""A company profile as YAML: what a person edits and the ranker reads.

Here: reading with every fault named at once, writing, the profile's version. Not here: what the fields mean
(warehouse/domain/company.py), where profiles are stored.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from pipelines.qualification.profile_fields import (
    Faults,
    Field,
    amount,
    choice,
    code,
    codes,
    day,
    fields_of,
    text,
    texts,
)
from pipelines.qualification.set_asides import ELIGIBILITIES
from warehouse.domain.company import CompanyProfile, PastAward
from warehouse.domain.grants import APPLICANTS
from warehouse.errors import BadInput

EXAMPLE_COMPANY = Path(__file__).with_name("example_company.yaml")
"""An invented firm, to try the product with."""

_NAICS = code(r"[0-9]{2,6}", "two to six digits, such as 541512")
_PSC = code(r"[0-9]{2}|[0-9A-Z]{4}", "two digits or four characters, such as 58 or D310")
_STATE = code(r"[A-Z]{2}", "two letters, such as VA")
_CAGE = code(r"[0-9A-Z]{5}", "five letters and digits")
_UEI = code(r"[0-9A-Z]{12}", "twelve letters and digits")
_SET_ASIDE = code("|".join(ELIGIBILITIES), f"a code of SAM.gov: {', '.join(ELIGIBILITIES)}")
_AWARD_SET_ASIDE = code(r"[0-9A-Z]+", "a code of SAM.gov, such as SBA")

_PROFILE_FIELDS: Mapping[str, Field] = {
    "name": text,
    "uei": _UEI,
    "cage_codes": codes(_CAGE),
    "naics_codes": codes(_NAICS),
    "psc_codes": codes(_PSC),
    "set_asides": codes(_SET_ASIDE),
    "applies_as": codes(choice(APPLICANTS)),
    "keywords": texts,
    "places": codes(_STATE),
    "value_min_usd": amount,
    "value_max_usd": amount,
}

_AWARD_FIELDS: Mapping[str, Field] = {
    "title": text,
    "agency": text,
    "sub_tier": text,
    "naics_code": _NAICS,
    "psc_code": _PSC,
    "set_aside_code": _AWARD_SET_ASIDE,
    "state_code": _STATE,
    "amount_usd": amount,
    "posted_on": day,
}


_ADDED = ("applies_as",)
"""Fields that came later: left empty they change no version, for what a model was paid to read stays paid for."""


def parse_company_profile(text: str) -> CompanyProfile:
    """Read a profile from YAML (see example_company.yaml); codes may be in any case and need no quotes.

    Raises:
        BadInput: listing every fault with its line and field.
    """
    faults = Faults()
    root = _composed(text)
    given = fields_of(root, {**_PROFILE_FIELDS, "past_awards": None}, "", faults)
    values = given.parsed()
    awards = [_award(node, f"past_awards[{i}]", faults) for i, node in enumerate(given.items("past_awards"), start=1)]
    if "name" not in values:
        faults.add(root, "name", "is missing")
    _check_range(values.get("value_min_usd"), values.get("value_max_usd"), faults, root)
    faults.check("the company profile")
    return CompanyProfile(**values, past_awards=tuple(PastAward(**award) for award in awards))


def to_yaml(profile: CompanyProfile) -> str:
    """Write a profile as YAML that reads back as the same profile; empty fields are left out."""
    written = {name: value for name, value in _plain(asdict(profile)).items() if name != "past_awards"}
    awards = [_plain(asdict(award)) for award in profile.past_awards]
    document = written | ({"past_awards": awards} if awards else {})
    dumped: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    return dumped


def profile_version(profile: CompanyProfile) -> str:
    """Hash the profile's content: sixteen hex digits, the same for the same content on every machine."""
    content = asdict(profile)
    for name in _ADDED:
        if not content[name]:
            del content[name]
    canonical = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _composed(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise BadInput(f"the company profile is not YAML: {error}", todo="mend the line named") from error


def _award(node: yaml.Node, where: str, faults: Faults) -> dict[str, Any]:
    values = fields_of(node, _AWARD_FIELDS, f"{where}.", faults).parsed()
    if "title" not in values:
        faults.add(node, f"{where}.title", "is missing")
    return values


def _check_range(low: object, high: object, faults: Faults, root: yaml.Node | None) -> None:
    if isinstance(low, Decimal) and isinstance(high, Decimal) and low > high:
        faults.add(root, "value_min_usd", f"{low} is more than value_max_usd, {high}")


def _plain(record: dict[str, object]) -> dict[str, object]:
    """Drop what is empty; write lists as lists, amounts and days as text."""
    kept = {name: value for name, value in record.items() if value not in ("", None, ())}
    return {name: list(value) if isinstance(value, tuple) else str(value) for name, value in kept.items()}
