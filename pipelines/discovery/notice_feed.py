"""How the notices of one feed are read, as data that its connector states: where each field stands in a record.

Not here: reading by it (normalize.py), what a field means (normalize.sql).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from warehouse.lake.connection import quoted

SQL = Path(__file__).parent
_LINE = ("solicitation_number", "place_street", "place_city", "office_city", "award_number")
_WORDS = ("agency", "sub_agency", "office", "set_aside_text", "awardee_name")
_SHORT = (
    "notice_type_raw", "base_type", "posted_raw", "deadline_raw", "archive_raw", "archive_type", "naics_raw", "psc_raw",
    "set_aside_raw", "place_state", "place_zip", "place_country", "office_state", "office_zip", "office_country",
    "award_date_raw", "award_amount_raw", "is_active_raw",
)  # fmt: skip
_TEXT = ("title", "description", "link")
_MACROS = {
    **dict.fromkeys(_LINE, "line_of"), **dict.fromkeys(_WORDS, "words_of"), **dict.fromkeys(_SHORT, "short_of"),
    **dict.fromkeys(_TEXT, ""),
}  # fmt: skip
_CONTACT = ("title", "name", "email", "phone", "fax")


@dataclass(frozen=True)
class NoticeFeed:
    """How the records of a feed are read.

    Attributes:
        stated: The query that takes the fields out of a record: one row a record, the fields as they stand.
        id_of: The notice's id as an expression over a raw record.
        described: The query that interprets the fields.
        needed: The keys that a whole record has. One that does not even mention some of them erases nothing known.
        id_name: What a record must have, in words.
    """

    stated: str
    id_of: str
    described: str
    needed: tuple[str, ...] = ()
    id_name: str = "the notice id"


@cache
def statement(name: str) -> str:
    """Read one of the queries beside this module."""
    return (SQL / name).read_text(encoding="utf-8")


def feed_of_json(notice_id: str, fields: Mapping[str, str], *, needed: tuple[str, ...] = ()) -> NoticeFeed:
    """Make the feed of a source whose records are plain JSON objects.

    Args:
        notice_id: JSON path of the id, such as "$.id".
        fields: JSON path by field: title, description, link, agency, sub_agency, office, solicitation_number,
            notice_type_raw, posted_raw, deadline_raw, naics_raw, psc_raw, set_aside_raw, place_city and their like;
            contact_name, contact_email, contact_phone; links and naics_list for lists of texts.
        needed: See NoticeFeed.

    Raises:
        ValueError: a field has no such name.
    """
    rest = {name: path for name, path in fields.items() if name not in _MACROS}
    contact = {part: rest.pop(f"contact_{part}", None) for part in _CONTACT}
    lists = {"naics_list": rest.pop("naics_list", None), "link_list": rest.pop("links", None)}
    if rest:
        raise ValueError(f"no field of a notice is named {', '.join(rest)}")
    columns = [f"{macro}({_text(fields.get(name))}) as {name}" for name, macro in _MACROS.items()]
    columns += [f"{_texts(path)} as {name}" for name, path in lists.items()]
    people = ", ".join(f"'{part}': {_text(path)}" for part, path in contact.items())
    stated = (
        f"select position, $record_hash as record_hash, coalesce(trim({_text(notice_id)}), '') = '' as lacks_id,"  # noqa: S608 - our own paths
        " not list_has_all(json_keys(text), $needed_keys) as lacks_keys, reading_flags,"
        f" short_of({_text(notice_id)}) as notice_id, {', '.join(columns)},"
        f" [{{'role': 'primary', {people}}}] as contact_list from records"
    )
    return NoticeFeed(stated, _text(notice_id), statement("normalize.sql"), needed)


def _text(path: str | None) -> str:
    return f"json_extract_string(text, {quoted(path)})" if path else "cast(null as varchar)"


def _texts(path: str | None) -> str:
    return (
        f"coalesce(try_cast(json_extract(text, {quoted(path)}) as varchar[]), [])" if path else "cast([] as varchar[])"
    )
