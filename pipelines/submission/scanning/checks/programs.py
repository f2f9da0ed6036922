"""What runs, installs, mounts or plays when it is opened, by its content."""

from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, refused

_KINDS = {
    "application/x-executable": "is a program",
    "application/x-zip-program": "is a program or its package (Java, Android, Windows or a browser's)",
    "application/x-shockwave-flash": "is a Flash program",
    "application/x-ms-shortcut": "is a shortcut of Windows, which starts something else",
    "application/vnd.ms-htmlhelp": "is a compiled help file, which can start programs",
    "application/x-iso9660-image": "is the image of a disk, which hides where its files come from",
    "application/x-apple-diskimage": "is the image of a disk, which hides where its files come from",
    "application/x-vhd": "is the image of a disk, which hides where its files come from",
    "application/msonenote": "is a OneNote section, which can hold programs behind pictures",
    "application/x-activemime": "holds macros in an old wrapping",
    "application/postscript": "is PostScript, which is a program for a printer; make a PDF of it",
    "application/x-pickle": "is data that runs when Python reads it",
    "application/vnd.fdf": "is form data that can fetch and fill other documents",
    "application/vnd.ms-cab-compressed": "is a package of Windows",
}


def looks(media_type: str) -> bool:
    """Look at the kinds above."""
    return media_type in _KINDS


def look(source: Source, findings: Findings) -> Finding | None:
    """Refuse it."""
    return refused(_KINDS[source.media_type])
