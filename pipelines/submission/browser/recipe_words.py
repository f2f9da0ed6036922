"""The {names} of a recipe: which there are, and what becomes of a text with them.

{reference} {title} {solicitation} {agency} {manifest} {today} {deadline} {field.Label} {file.name} {credential.password};
{today:%m/%d/%Y} writes a day in a form, {field.Label?} is nothing where the package has no such line, {{ is a brace. Not here:
credentials, which are opened where they are typed (page_typing.py).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipelines.submission.executor import Parcel, ParcelFile
from pipelines.submission.portals.keys import near
from warehouse.domain.executor import entries

PLAIN = ("reference", "title", "solicitation", "agency", "manifest", "today", "deadline", "portal_address")
OF_FILE = ("name", "sha256", "size", "volume", "number", "stem")
DATED = frozenset({"today", "deadline"})
_NAME = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


@dataclass(frozen=True)
class Name:
    """One {name} of a text.

    Attributes:
        family: field, file, credential, or "" for the plain ones.
        form: How a day is written; "" as 2026-01-31.
        is_optional: Whether it may be nothing.
    """

    family: str
    word: str
    form: str = ""
    is_optional: bool = False


class NoSuchField(Exception):
    """The package says nothing for a name; the text is its label."""


def names_of(text: str) -> list[Name]:
    """Return the names of a text, the faulty ones too."""
    return [parse_name(found[1]) for found in _NAME.finditer(text) if found[1] is not None]


def parse_name(inside: str) -> Name:
    """Read what stands between braces."""
    family, point, word = inside.partition(".")
    if not point or ":" in family:  # the form of a day may have points
        plain, _, form = inside.partition(":")
        return Name("", plain.strip(), form)
    is_optional = word.endswith("?")
    return Name(family.strip(), word.rstrip("?").strip(), "", is_optional)


def text_fault(text: str, *, credentials: Iterable[str] = (), in_file: bool = False) -> str:
    """Say what is wrong with the names of a text; "" for nothing.

    Args:
        credentials: Which ones may stand here.
        in_file: Whether {file.…} means one file here.
    """
    for found in _NAME.finditer(text):
        if found[0] in {"{", "}"}:
            return f"has a single {found[0]}: names stand in {{ }}, and a brace itself is written twice"
        fault = _name_fault(parse_name(found[1]), tuple(credentials), in_file) if found[1] is not None else ""
        if fault:
            return fault
    return ""


def _name_fault(name: Name, credentials: tuple[str, ...], in_file: bool) -> str:
    if name.family == "field":
        return "" if name.word else "{field.…} needs the label of a line of the package"
    known = {"": PLAIN, "file": OF_FILE if in_file else (), "credential": credentials}.get(name.family)
    if known is None:
        return f"{{{name.family}.{name.word}}} is not known: field, file and credential are"
    if not known:
        return _NOT_HERE[name.family]
    if name.word not in known:
        said = f"{name.family}.{name.word}" if name.family else name.word
        return f"{{{said}}} is no name that is known{near(name.word, known)}"
    return f"{{{name.word}}} is no day: nothing follows it" if name.form and name.word not in DATED else ""


_NOT_HERE = {
    "file": "{file.…} stands only inside for_each_file: it means one file",
    "credential": "a credential that the profile names is typed by fill, in sign_in.steps or steps, and stands nowhere else",
}


def fields_of(parcel: Parcel) -> Mapping[str, str]:
    """Return the package's own lines by their label in small letters, and the fields of its way by their names."""
    lines = {label.casefold(): value for label, value in entries(parcel.fields.get("entries", ""))}
    return {name.casefold(): value for name, value in parcel.fields.items() if name != "entries"} | lines


def written(text: str, parcel: Parcel, *, now: datetime, file: ParcelFile | None = None) -> str:
    """Return a text with its names replaced; it may hold no credential.

    Raises:
        NoSuchField: the package says nothing for a {field.…}.
    """

    def value(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0][0]
        return value_of(parse_name(found[1]), parcel, now=now, file=file)

    return _NAME.sub(value, text)


def value_of(name: Name, parcel: Parcel, *, now: datetime, file: ParcelFile | None) -> str:
    """Return what one name stands for.

    Raises:
        NoSuchField: the package says nothing for it.
    """
    if name.family == "field":
        found = fields_of(parcel).get(name.word.casefold(), "")
        if not found and not name.is_optional:
            raise NoSuchField(name.word)
        return found
    if name.family == "file" and file is not None:
        return str(_of_file(file, parcel)[name.word])
    return _plain(name, parcel, now)


def _of_file(file: ParcelFile, parcel: Parcel) -> dict[str, object]:
    return {
        "name": file.name,
        "stem": file.name.rpartition(".")[0] or file.name,
        "sha256": file.sha256,
        "size": file.size,
        "volume": file.volume,
        "number": list(parcel.files).index(file) + 1,
    }


def _plain(name: Name, parcel: Parcel, now: datetime) -> str:
    moments = {"today": now, "deadline": parcel.deadline}
    if name.word in moments:
        moment = moments[name.word]
        return moment.strftime(name.form or "%Y-%m-%d") if moment else ""
    return {
        "reference": parcel.reference,
        "title": parcel.title,
        "solicitation": parcel.solicitation_number,
        "agency": parcel.agency,
        "manifest": parcel.manifest_hash,
        "portal_address": parcel.fields.get("portal_address", ""),
    }[name.word]
