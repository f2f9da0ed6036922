"""The ways an offer is delivered, and what each needs to be told. Data in one table: a new way is a new row.

Not here: how a way acts, and what the portals of one firm look like.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

MB = 1_000_000
"""The smaller of the two readings of "10 MB" that are in use: what fits it fits the other one too."""
BASE64_LINE = 76
"""RFC 2045: an encoded line holds 76 characters and ends with two more."""
FRAME_BYTES = 1_000
"""What stands around an attachment in a message: its boundary and headers, with a name of 200 characters."""
EMAIL_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
WEB_ADDRESS = re.compile(r"https://[^\s/?#@]+\.[^\s/?#@]+([/?#]\S*)?", re.I)
UNPRINTABLE = re.compile(r"[\ud800-\udfff\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
MOST_ADDRESSES = 20
PACKAGE_ID = re.compile(r"PKG[0-9]{8}")
OWN_REFERENCE = "{reference}"
"""What a text of an offer says where our own reference is put in when it goes out."""


@dataclass(frozen=True)
class Field:
    """One thing that a way must be told, a text.

    Attributes:
        fault: Says what is wrong with a text that is not empty; "" for nothing.
        has_lines: Whether the text may have several lines.
        longest: In characters.
    """

    name: str
    label: str
    help: str
    is_required: bool
    fault: Callable[[str], str]
    has_lines: bool = False
    longest: int = 300


@dataclass(frozen=True)
class ExecutorKind:
    """A way to deliver.

    Attributes:
        usual_total_bytes: What is taken as the limit of everything together when the solicitation states none.
        carried: How many bytes so many bytes of a file become on their way.
    """

    name: str
    title: str
    words: str
    fields: tuple[Field, ...]
    usual_total_bytes: int | None
    carried: Callable[[int], int]


def attached_bytes(size: int) -> int:
    """Return how many bytes a file takes in a message: four for three, two for each line, and its share of headers."""
    encoded = -(-size // 3) * 4
    return encoded + -(-encoded // BASE64_LINE) * 2 + FRAME_BYTES


def as_it_is(size: int) -> int:
    """Return the size itself: a portal takes files as they are."""
    return size


def addresses(text: str) -> list[str]:
    """Split a list of e-mail addresses at commas, semicolons and blanks."""
    return [part for part in re.split(r"[,;\s]+", text) if part]


def entries(text: str) -> list[tuple[str, str]]:
    """Split "Label: value" lines into pairs; empty lines are left out."""
    pairs = (line.partition(":") for line in text.splitlines() if line.strip())
    return [(label.strip(), value.strip()) for label, _, value in pairs]


def _any_text(text: str) -> str:
    return ""


def _faulty_addresses(text: str) -> str:
    found = addresses(text)
    wrong = [address for address in found if not EMAIL_ADDRESS.fullmatch(address)]
    if wrong:
        return f"{wrong[0]!r} is no e-mail address"
    if len({address.lower() for address in found}) < len(found):
        return "an address is there twice"
    return f"there are more than {MOST_ADDRESSES} addresses" if len(found) > MOST_ADDRESSES else ""


def _faulty_web_address(text: str) -> str:
    return "" if WEB_ADDRESS.fullmatch(text) else "it is no address that begins with https://"


def _faulty_package_id(text: str) -> str:
    return "" if PACKAGE_ID.fullmatch(text) else "it is not PKG and eight digits"


def _faulty_filing_name(text: str) -> str:
    if text.count(OWN_REFERENCE) != 1:
        return f"it says {OWN_REFERENCE} once, where our own reference goes: by that it is found again"
    return "it has blanks side by side" if "  " in text else ""


def _faulty_entries(text: str) -> str:
    for number, (label, value) in enumerate(entries(text), 1):
        if not label or not value:
            return f"line {number} is not written as Label: value"
    labels = [label.lower() for label, _ in entries(text)]
    return "a label is there twice" if len(set(labels)) < len(labels) else ""


_ENTRIES = Field(
    "entries", "What the forms ask for", "One a line, as Label: value; for example UEI: ABC123DEF456.", False, _faulty_entries,
    has_lines=True, longest=8_000,
)  # fmt: skip
_BODY = Field(
    "body_note", "Text of the message", "Goes above the list of the files and their hashes.", False, _any_text,
    has_lines=True, longest=8_000,
)  # fmt: skip
_MAIL_PROFILE = Field(
    "portal_profile", "Name of the office's profile", "Where several profiles for e-mail are in use.", False, _any_text,
    longest=120,
)  # fmt: skip
_PROFILE = Field(
    "portal_profile", "Name of the portal profile", "Where several for Grants.gov are in use.", False, _any_text,
    longest=120,
)  # fmt: skip
_PORTAL = Field("portal_address", "Address of the portal", "Begins with https://", True, _faulty_web_address)

EXECUTORS: Mapping[str, ExecutorKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            ExecutorKind(
                "email",
                "E-mail",
                "The product sends the files to the addresses that the solicitation names.",
                (
                    Field("to", "To", "As the solicitation names them; several with commas.", True, _faulty_addresses),
                    Field("cc", "Copy to", "For example the contract specialist.", False, _faulty_addresses),
                    Field("subject", "Subject", "As the solicitation demands it.", True, _any_text, longest=200),
                    _BODY,
                    _MAIL_PROFILE,
                ),
                10 * MB,
                attached_bytes,
            ),
            ExecutorKind(
                "assisted",
                "Hand-over by a person",
                "The product prepares everything; a named person uploads it, and the receipt is kept.",
                (
                    Field("portal_name", "Name of the portal", "For example PIEE, or the agency's own.", True, _any_text, longest=120),
                    _PORTAL,
                    _ENTRIES,
                ),
                None,
                as_it_is,
            ),
            ExecutorKind(
                "browser",
                "Portal by recipe",
                "A browser follows a checked recipe of the portal, where its terms permit that.",
                (
                    Field("portal_profile", "Name of the portal's recipe", "As it was uploaded by an admin.", True, _any_text, longest=120),
                    _PORTAL,
                    _ENTRIES,
                ),
                None,
                as_it_is,
            ),
            ExecutorKind(
                "grants_gov",
                "Grants.gov, system to system",
                "The product hands the application to Grants.gov's web service, with the firm's own certificate.",
                (
                    Field("package_id", "Package ID", "As Grants.gov names the package: PKG and eight digits.", True, _faulty_package_id),
                    Field(
                        "filing_name", "Application filing name",
                        "As the application's SubmissionTitle says it, with {reference} where our own goes.", True,
                        _faulty_filing_name, longest=220,
                    ),
                    _PROFILE,
                ),
                200 * MB,
                as_it_is,
            ),
            ExecutorKind(
                "a2a",
                "Outside agent",
                "An agent of somebody else is asked to fill the portal's forms; whether it did, the product looks itself.",
                (
                    Field("portal_profile", "Name of the portal profile", "As it was uploaded by an admin.", True, _any_text, longest=120),
                    _PORTAL,
                    _ENTRIES,
                ),
                None,
                as_it_is,
            ),
        )
    }
)  # fmt: skip
"""Every way that is known, by its name."""


def faults_of_fields(executor: str, fields: Mapping[str, str], *, is_complete: bool = True) -> dict[str, str]:
    """Say what is wrong with the fields of a way to deliver, by the label of the field; empty when nothing is.

    Args:
        executor: The name of the way.
        fields: The texts by the name of the field.
        is_complete: Whether a required field that is empty is a fault: it is none while somebody still writes.
    """
    kind = EXECUTORS.get(executor)
    if kind is None:
        return {"Way to deliver": f"{executor!r} is none that the product knows"}
    faults = {name: "is no field of this way" for name in fields if name not in {field.name for field in kind.fields}}
    for field in kind.fields:
        text = fields.get(field.name, "").strip()
        fault = _fault(field, text) if text else "is not filled in" if field.is_required and is_complete else ""
        if fault:
            faults[field.label] = fault
    return faults


def _fault(field: Field, text: str) -> str:
    if len(text) > field.longest:
        return f"has {len(text):,} characters, {field.longest:,} are possible"
    if UNPRINTABLE.search(text.replace("\n", "").replace("\t", "") if field.has_lines else text):
        return (
            "holds signs that cannot be seen" if field.has_lines else "is one line, without signs that cannot be seen"
        )
    return field.fault(text)
