"""A portal that is seen: a way to deliver that keeps a picture of each of its pages, for the pages that show deliveries.

What the next act meets is chosen by `plan`; `gate` holds it before its last act until the test has looked.
"""

import io
import threading
from dataclasses import dataclass, field

from PIL import Image, ImageDraw, ImageFont

from pipelines.submission.executor import Desk, Parcel
from warehouse.domain.delivery import (
    Accepted,
    Answer,
    EvidenceKind,
    Finding,
    FoundReceipt,
    ReceiptSource,
    Refused,
    Unclear,
    Unknown,
)

SECONDS = 60
PNG = "image/png"
MAIL = (
    b"From: Contracting Office <offers@depot.example>\r\nTo: bids@firm.example\r\nSubject: Out of office\r\n"
    b"Date: Fri, 10 Apr 2026 13:41:00 -0400\r\nAuto-Submitted: auto-replied\r\n\r\nI am away until Monday and read your mail then.\r\n"
)


@dataclass
class PicturePortal:
    """The portal behind the name "browser".

    Attributes:
        plan: accept, refuse or doubt.
        words: What it says when it refuses.
    """

    plan: str = "accept"
    number: str = "R-2026-000417"
    words: str = "Files of this type are not accepted."
    name: str = "browser"
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def faults(self, parcel: Parcel) -> list[str]:
        """As the interface says."""
        return []

    def act(self, parcel: Parcel, desk: Desk) -> Answer:
        """As the interface says."""
        desk.step("Signed in at offers.depot.example.")
        if self.plan == "refuse":
            desk.keep(EvidenceKind.SCREENSHOT, "what the portal said", picture("Attention", self.words), media_type=PNG)
            return Refused(self.words)
        desk.step(f"Filled in the offer under {parcel.reference} and uploaded {len(parcel.files)} files.")
        review = picture("Review your offer", f"{parcel.reference}   {len(parcel.files)} files   [ Submit offer ]")
        desk.keep(EvidenceKind.SCREENSHOT, "before the last button", review, media_type=PNG)
        assert self.gate.wait(SECONDS), "the test never looked"
        desk.begin_act()
        desk.step("Pressed “Submit offer”.")
        if self.plan == "doubt":
            desk.keep(EvidenceKind.MAIL, "mail of the office", MAIL, media_type="message/rfc822")
            return Unknown("The portal closed the connection before it answered.")
        return Accepted(self._receipt(desk))

    def look_up(self, parcel: Parcel, desk: Desk) -> Finding:
        """As the interface says."""
        seen = picture("503 Service unavailable", "Please try again later.")
        desk.keep(EvidenceKind.SCREENSHOT, "list of own offers", seen, media_type=PNG)
        return Unclear("The list of own offers did not open (HTTP 503).")

    def _receipt(self, desk: Desk) -> FoundReceipt:
        words = f"Your confirmation number is {self.number}."
        seen = desk.keep(EvidenceKind.SCREENSHOT, "confirmation", picture("Thank you", words), media_type=PNG)
        return FoundReceipt(self.number, words, ReceiptSource.PORTAL, seen)


def picture(title: str, text: str) -> bytes:
    """Draw a page of the portal, as a browser's picture of it."""
    image = Image.new("RGB", (1280, 720), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 1280, 84), fill=(31, 58, 95))
    for place, words, colour, size in (
        ((40, 24), "Depot Offers Portal", "white", 34),
        ((40, 140), title, (20, 20, 20), 44),
        ((40, 230), text, (60, 60, 60), 28),
    ):
        draw.text(place, words, fill=colour, font=ImageFont.load_default(size))
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()
