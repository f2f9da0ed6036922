"""Web pages by themselves and in messages."""

from pipelines.submission.scanning.source import Source
from pipelines.submission.scanning.verdict import Finding, Findings, refused
from pipelines.submission.scanning.web_page import why_page


def looks(media_type: str) -> bool:
    """Look at web pages."""
    return media_type == "text/html"


def look(source: Source, findings: Findings) -> Finding | None:
    """Refuse one that acts; a page of text, pictures and links may be."""
    reason = why_page(source.text)
    return refused(reason) if reason else None
