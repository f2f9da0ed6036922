"""Zip archives: everything in them, and how they lie in the file."""

import stat

from pipelines.submission.scanning.paths import why_unsafe
from pipelines.submission.scanning.source import Source, shown
from pipelines.submission.scanning.unpack import entry_chunks
from pipelines.submission.scanning.verdict import Finding, Findings, Stopped, refused, worse
from pipelines.submission.scanning.zip_layout import Entry, folded
from warehouse.domain.submission_file import ScanStatus


def looks(media_type: str) -> bool:
    """Look at zips that are no documents."""
    return media_type == "application/zip"


def look(source: Source, findings: Findings) -> Finding | None:
    """Judge each file in it."""
    findings["is_archive"] = True
    entries = source.zip.entries
    findings["entries"] = len(entries)
    fault = why_entries(entries)
    if fault:
        return refused(fault)
    found: Finding | None = None
    for entry in entries:
        if entry.is_encrypted:
            findings["is_encrypted"] = True
        if entry.is_folder:
            continue
        found = worse(found, descend(source, entry))
        if found is not None and found.status is ScanStatus.REFUSED:
            return found
    return found


def descend(source: Source, entry: Entry, *, is_part: bool = False) -> Finding | None:
    """Judge one file of a zip."""
    try:
        return source.descend(entry.name, entry_chunks(source.data, entry, source.budget), is_part=is_part)
    except Stopped as stopped:
        if stopped.finding.status is ScanStatus.REFUSED:
            raise
        return stopped.finding


def why_entries(entries: tuple[Entry, ...]) -> str:
    """Return what is wrong with names and kinds of the entries, or nothing."""
    seen: set[str] = set()
    for entry in entries:
        for name in {entry.name, entry.other_name} - {""}:
            fault = why_unsafe(name)
            if fault:
                return f"{fault}: “{shown(name)}”"
        if entry.mode and stat.S_IFMT(entry.mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            return "holds a link or a device in place of a file"
        name = folded(entry.name)
        if name in seen:
            return "holds two files of the same name"
        seen.add(name)
    files = {folded(entry.name) for entry in entries if not entry.is_folder}
    if any("/".join(name.split("/")[:depth]) in files for name in seen for depth in range(1, name.count("/") + 1)):
        return "holds a file and a folder of the same name"
    return ""
