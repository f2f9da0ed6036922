"""What a message says: one notice, or several gathered by kind. Plain text; what notices of agencies say in it is inert.

Not here: by which way it leaves (notification_channels.py), when (notification_sending.py).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from pipelines.administration.app_links import page_link
from warehouse.domain.notification import WORDS, NotificationKind
from warehouse.ledger.notifications import Notification
from warehouse.settings import Settings

LONGEST_SUBJECT, LONGEST_TITLE, LONGEST_BODY = 120, 160, 20_000
REPEATED = "You may have had this message before: sending it was interrupted."
ADDRESS = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]*://|www\.|mailto:)\S+")
CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
MARKUP = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")", "`": "'", "*": "∗", "|": "¦", "~": "∼"})
ORDER = {kind: place for place, kind in enumerate(NotificationKind)}


@dataclass(frozen=True)
class Message:
    """A subject and a text; neither holds a link but those into the app."""

    subject: str
    body: str


def inert(text: str, longest: int = 500) -> str:
    """Return a text of others that no mail program or chat makes a link, a mention or markup of; on one line."""
    words = " ".join(CONTROL.sub(" ", ADDRESS.sub("(address left out)", text)).split())
    kept = re.sub(r"(?<!\S)@(?=\w)", "@\u2060", words.translate(MARKUP))
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def compose(notices: Sequence[Notification], settings: Settings, *, is_repeat: bool = False) -> Message:
    """Write one message of one or more notices, gathered by kind."""
    ordered = sorted(notices, key=lambda n: (ORDER[n.kind], n.at))
    parts = [REPEATED] if is_repeat else []
    if len(ordered) == 1:
        subject = f"{WORDS[ordered[0].kind]}: {inert(ordered[0].text)}"
        parts.append(_item(ordered[0], settings))
    else:
        subject = f"{len(ordered)} things in your Inbox"
        for kind, found in groupby(ordered, key=lambda n: n.kind):
            items = [_item(notice, settings, "- ") for notice in found]
            parts.append("\n".join([WORDS[kind].upper(), *items]))
    inbox = page_link(settings, "inbox")
    parts.append(
        f"All of it, and how you hear of things: {inbox}" if inbox else "All of it is in your Inbox in Procura."
    )
    body = "\n\n".join(parts)
    return Message(
        f"Procura: {subject}"[:LONGEST_SUBJECT], body if len(body) <= LONGEST_BODY else body[:LONGEST_BODY] + "…"
    )


def _item(notice: Notification, settings: Settings, mark: str = "") -> str:
    blank = " " * len(mark)
    lines = [f"{mark}{inert(notice.text)}"]
    if notice.title and notice.title[:40] not in notice.text:
        lines.append(f"{blank}About: {inert(notice.title, LONGEST_TITLE)}")
    if where := link_of(notice, settings):
        lines.append(f"{blank}{where}")
    return "\n".join(lines)


def link_of(notice: Notification, settings: Settings) -> str:
    """Return where in the app a notice leads; empty where the app's address is not known."""
    if notice.submission_id:
        return page_link(settings, "workspace", {"id": notice.submission_id})
    if notice.search_id:
        return page_link(settings, "inbox", {"part": "searches"})
    return page_link(settings, "opportunity", {"id": notice.opportunity_id}) if notice.opportunity_id else ""
