"""What a package must hold: gates with their answers, limits that a solicitation states and where each was read. Pure.

Not here: the gates themselves (pipelines/submission/package_gates.py), names (package_names.py), ways to deliver (executor.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from warehouse.domain.executor import MB
from warehouse.domain.package_names import fault_of_template

MOST_BYTES = 100_000 * MB
MOST_VOLUMES = 40
LONGEST_VOLUME = 80
MOST_PAGES = 100_000
LONGEST_QUOTE = 2_000

TYPES: Mapping[str, tuple[str, ...]] = {
    "pdf": ("application/pdf",),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",),
    "pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation",),
    "doc": ("application/msword",),
    "xls": ("application/vnd.ms-excel",),
    "ppt": ("application/vnd.ms-powerpoint",),
    "txt": ("text/plain",),
    "csv": ("text/csv", "text/plain"),
    "xml": ("application/xml", "text/xml", "text/plain"),
    "rtf": ("application/rtf", "text/rtf"),
    "png": ("image/png",),
    "jpg": ("image/jpeg",),
    "jpeg": ("image/jpeg",),
    "tif": ("image/tiff",),
    "tiff": ("image/tiff",),
    "gif": ("image/gif",),
    "zip": ("application/zip",),
}
"""Endings of names, and what the content of such a file may be."""


@dataclass(frozen=True)
class Gate:
    """One condition of sending a package to approval.

    Attributes:
        name: The condition, in words.
        reason: What was found, whether it holds or not; one sentence.
        todo: The one thing to do where it does not hold.
        warns: Whether it holds, but somebody should read the reason.
    """

    name: str
    passed: bool
    reason: str
    todo: str = ""
    warns: bool = False


@dataclass(frozen=True)
class PackageItem:
    """One document of a package; the order of a list of them is the package's. `volume` may be empty."""

    document_id: str
    package_name: str
    volume: str = ""


@dataclass(frozen=True)
class Source:
    """Who stated a limit, when (ISO, UTC), and the words of the solicitation that say it; "" where none were given."""

    by: str
    at: str
    quote: str


@dataclass(frozen=True)
class Limits:
    """What the solicitation states; nothing where it states nothing.

    Attributes:
        total_bytes: All files together.
        file_bytes: Each file.
        file_types: Endings without the dot, keys of `TYPES`.
        volumes: The volumes that are wanted, in their order.
        pages: By volume.
        name_template: As package_names.py describes.
        name_length: In characters.
        sources: By the name of the limit.
    """

    total_bytes: int | None = None
    file_bytes: int | None = None
    file_types: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    pages: Mapping[str, int] = field(default_factory=dict)
    name_template: str = ""
    name_length: int | None = None
    sources: Mapping[str, Source] = field(default_factory=dict)


TITLES: Mapping[str, str] = {
    "total_bytes": "All files together",
    "file_bytes": "Each file",
    "file_types": "File types",
    "volumes": "Volumes",
    "pages": "Pages a volume",
    "name_template": "Names of files",
    "name_length": "Length of names",
}
"""Every limit there is, by its name, in words."""


def read_limits(stored: Mapping[str, Any]) -> Limits:
    """Read the limits as an offer's `delivery` holds them: {name: {"value", "by", "at", "quote"}}; what is faulty is left out."""
    known = {name: found for name, found in stored.items() if name in TITLES and isinstance(found, Mapping)}
    good = {name: found for name, found in known.items() if not fault_of_limit(name, found.get("value"))}
    values = {name: found["value"] for name, found in good.items()}
    return Limits(
        total_bytes=values.get("total_bytes"),
        file_bytes=values.get("file_bytes"),
        file_types=tuple(values.get("file_types", ())),
        volumes=tuple(values.get("volumes", ())),
        pages=dict(values.get("pages", {})),
        name_template=values.get("name_template", ""),
        name_length=values.get("name_length"),
        sources={n: Source(*(str(found.get(part, "")) for part in ("by", "at", "quote"))) for n, found in good.items()},
    )


def fault_of_limit(name: str, value: Any) -> str:
    """Say what is wrong with the value of a limit; "" when nothing is."""
    check = _FAULTS.get(name)
    return check(value) if check else "is no limit that the product knows"


def type_of(media_type: str) -> str:
    """Return the usual ending of a content, without the dot; the media type itself where none is known."""
    return next((ending for ending, contents in TYPES.items() if media_type == contents[0]), media_type)


def size_words(size: int) -> str:
    """Write a size: "812 bytes", "48 kB", "4.2 MB"."""
    if size < 1_000:
        return f"{size} bytes"
    if size < MB:
        return f"{size / 1_000:.0f} kB" if size < 999_500 else "1.0 MB"
    return f"{size / MB:,.1f} MB"


def _fault_of_number(value: Any, most: int) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return "is no whole number"
    return "" if 1 <= value <= most else f"is not between 1 and {most:,}"


def _fault_of_texts(value: Any) -> str:
    if not isinstance(value, list | tuple) or not value or len(value) > MOST_VOLUMES:
        return f"is no list of 1 to {MOST_VOLUMES}"
    if not all(isinstance(text, str) and text.strip() and len(text) <= LONGEST_VOLUME for text in value):
        return f"holds an empty text, or one of more than {LONGEST_VOLUME} characters"
    return "one is there twice" if len({text.strip().lower() for text in value}) < len(value) else ""


def _fault_of_types(value: Any) -> str:
    return _fault_of_texts(value) or next(
        (f"{text!r} is no known file type" for text in value if text not in TYPES), ""
    )


def _fault_of_pages(value: Any) -> str:
    if not isinstance(value, Mapping):
        return "is not written as volume and pages"
    numbers = (_fault_of_number(pages, MOST_PAGES) for pages in value.values())
    return _fault_of_texts(list(value)) or next(filter(None, numbers), "")


def _fault_of_pattern(value: Any) -> str:
    return fault_of_template(value) if isinstance(value, str) and value.strip() else "is empty"


_FAULTS: Mapping[str, Callable[[Any], str]] = {
    "total_bytes": lambda value: _fault_of_number(value, MOST_BYTES),
    "file_bytes": lambda value: _fault_of_number(value, MOST_BYTES),
    "file_types": _fault_of_types,
    "volumes": _fault_of_texts,
    "pages": _fault_of_pages,
    "name_template": _fault_of_pattern,
    "name_length": lambda value: _fault_of_number(value, 200),
}
