"""Documents of Office: parts that act (macros, ActiveX, embedded programs), and everything that is no XML."""

import re

from pipelines.submission.scanning.checks.archives_zip import descend, why_entries
from pipelines.submission.scanning.office_parts import check_not_locked, is_named_markup, is_office
from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.unpack import entry_chunks
from pipelines.submission.scanning.verdict import Finding, Findings, refused, worse
from pipelines.submission.scanning.zip_layout import Entry
from warehouse.domain.submission_file import ScanStatus

_ACTING = re.compile(
    r"(vbaproject|vbadata|vbaprojectsignature|macrosheets/|dialogsheets/|intlmacrosheets/|attachedtoolbars)",
    re.IGNORECASE,
)
_SETTINGS = re.compile(
    r"(printersettings|devmode|thumbnail|odttf|\.fntdata|customproperty\d*\.bin|\.sigs|mediadata)", re.IGNORECASE
)


def looks(media_type: str) -> bool:
    """Look at documents of Office."""
    return is_office(media_type)


def look(source: Source, findings: Findings) -> Finding | None:
    """Judge each part."""
    check_not_locked(source)
    fault = why_entries(source.zip.entries)
    if fault:
        return refused(fault)
    found: Finding | None = None
    for entry in source.zip.entries:
        name = entry.name.lower().replace("\\", "/")
        if _ACTING.search(name):
            findings["has_macros"] = True
            return refused("contains macros; save it without them")
        if "activex/" in name:
            return refused("contains ActiveX controls, which run programs")
        if not entry.is_folder and ("embeddings/" in name or not is_named_markup(entry)):
            found = worse(found, _judge_part(source, entry, name))
        if found is not None and found.status is ScanStatus.REFUSED:
            return found
    return found


def _judge_part(source: Source, entry: Entry, name: str) -> Finding | None:
    if "embeddings/" in name:
        head = next(entry_chunks(source.data, entry, source.budget), b"")[:8]
        if head[:4] != b"PK\3\4" and head != b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
            return refused("contains an embedded object that is no document; put the file itself beside it")
        # A storage of an object has a name of its program's; what is named as a document is judged as one, its ending too.
        return descend(source, entry, is_part=name.endswith(".bin"))
    if name.endswith(".bin") and not _SETTINGS.search(name):
        return refused("contains a binary part of a kind that cannot be looked into")
    return descend(source, entry, is_part=True)
