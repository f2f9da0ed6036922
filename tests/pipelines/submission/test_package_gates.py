"""Each gate of a package, with what breaks it and what it then says."""

from datetime import timedelta
from typing import Any

import pytest

from pipelines.submission.package_gates import GATES, ask
from pipelines.submission.package_state import PackageState, Packed
from tests.factories_packages import AT, WORD, change, good_state, packed, point
from warehouse.domain.deadlines import DeadlinePrecision
from warehouse.domain.package import Gate, Limits, PackageItem
from warehouse.domain.submission_file import ScanStatus

EMAIL = {"executor": "email"}
TO = {"to": "offers@agency.example", "subject": "Offer to W9124-26-R-0001"}
NOT_SCANNED = {"scan_status": ScanStatus.NOT_SCANNED, "scan_reason": "no scanner answers"}


def gate(state: PackageState, name: str) -> Gate:
    return next(found for found in ask(state) if found.name == name)


def test_a_complete_package_passes_every_gate_without_a_warning() -> None:
    asked = ask(good_state())
    assert [(g.name, g.reason) for g in asked if not g.passed or g.warns] == []
    assert len({g.name for g in asked}) == len(GATES)


BREAKS: dict[str, list[tuple[dict[str, Any], str]]] = {
    "Files are chosen": [({"packed": ()}, "The package is empty")],
    "No file is empty": [({"packed": (packed(1, size_bytes=0),)}, "Volume 1.pdf")],
    "Every file was scanned": [
        ({"packed": (packed(1, scan_status=ScanStatus.PENDING),)}, "Volume 1.pdf is not scanned yet"),
        (
            {"packed": (packed(1, scan_status=ScanStatus.REFUSED, scan_reason="JavaScript inside"),)},
            "refused (JavaScript inside)",
        ),
        ({"packed": (packed(1, **NOT_SCANNED),)}, "not scanned (no scanner answers)"),
        ({"packed": (Packed(PackageItem("d9", "Gone.pdf"), None, None),)}, "Removed from the workspace: Gone.pdf"),
    ],
    "No file has macros": [
        ({"packed": (packed(1, scan_findings={"has_macros": True}),)}, "Macros in Volume 1.pdf"),
        (
            {"packed": (packed(1, media_type=WORD, name="Volume 1.docx", **{**NOT_SCANNED, "scan_findings": {}}),)},
            "Not known of Volume 1.docx",
        ),
    ],
    "No file has a password": [
        ({"packed": (packed(1, scan_findings={"is_encrypted": True}),)}, "protects Volume 1.pdf")
    ],
    "File types are allowed": [
        ({"limits": Limits(file_types=("docx", "xlsx"))}, "docx, xlsx are taken, not Volume 1.pdf (pdf)")
    ],
    "Each file fits": [({"limits": Limits(file_bytes=100_001)}, "Volume 2.pdf has 100 kB; 100 kB are taken")],
    "The whole fits": [
        ({"limits": Limits(total_bytes=200_002)}, "200 kB are taken, as the solicitation states"),
        (
            {"of_offer": EMAIL, "fields": TO, "packed": (packed(1, size_bytes=7_500_000),)},
            "7.5 MB, as e-mail 10.3 MB; 10.0 MB are taken, usual",
        ),
    ],
    "Names are as demanded": [
        ({"packed": (packed(1, name="Volume #1.pdf"),)}, "'#'"),
        ({"packed": (packed(1, name="CON.pdf"),)}, "device"),
        ({"packed": (packed(1, name="Volume 1.docx"),)}, "ends with .docx, but it is pdf"),
        ({"packed": (packed(1, name="Volume 1"),)}, "no ending"),
        ({"packed": (packed(1, name="x" * 60 + ".pdf"),), "limits": Limits(name_length=50)}, "50 are possible"),
        (
            {"limits": Limits(name_template="{solicitation_number}_{volume}.pdf")},
            "does not follow {solicitation_number}_{volume}.pdf (it has no volume yet)",
        ),
        (
            {
                "limits": Limits(name_template="{solicitation_number}_{volume}.pdf"),
                "packed": (packed(1, name="W9124-26-R-0001_Volume II.pdf", volume="Volume I"),),
            },
            "does not follow",
        ),
    ],
    "Names differ": [({"packed": (packed(1, name="A.pdf"), packed(2, name="a.PDF"))}, "Twice: A.pdf; a.PDF")],
    "Volumes are complete": [
        (
            {"limits": Limits(volumes=("Technical", "Price")), "packed": (packed(1, volume="technical"),)},
            "1 of 2; no file for Price",
        ),
        (
            {"limits": Limits(volumes=("Technical",)), "packed": (packed(1, volume="Technical"), packed(2))},
            "Volume 2.pdf (no volume)",
        ),
    ],
    "Page limits hold": [
        (
            {
                "limits": Limits(pages={"Technical": 23}),
                "packed": (packed(1, volume="Technical"), packed(2, volume="Technical")),
            },
            "Technical has 24 of 23 pages",
        ),
        (
            {"limits": Limits(pages={"Technical": 23}), "packed": (packed(1, volume="Technical", scan_findings={}),)},
            "not known of Volume 1.pdf",
        ),
    ],
    "Delivery is described": [
        ({"fields": {}}, "Name of the portal is not filled in; Address of the portal is not filled in"),
        ({"of_offer": EMAIL, "fields": TO | {"to": "offers at agency"}}, "To 'offers' is no e-mail address"),
        ({"of_offer": {"executor": "pigeon"}}, "'pigeon' is none that the product knows"),
    ],
    "Amendments are acknowledged": [
        ({"changes": (change(1), change(2, acknowledged=False))}, "1 change of the notice not acknowledged")
    ],
    "The offer answers the notice as it stands": [({"of_offer": {"opportunity_hash": "v2"}}, "another version")],
    "The checklist is complete": [
        ({"points": (point(1, completed=False), point(2))}, "1 required point open: Point 1"),
    ],
    "The deadline is ahead": [({"at": AT + timedelta(days=10)}, "It was due Mon 20 Apr 2026 08:00 EDT")],
    "The opportunity is open": [({"is_open": False}, "closed, cancelled or gone")],
    "The opportunity stands by itself": [({"merged_into": "o2"}, "part of another")],
}


WARNS_ONLY = {"The way to deliver takes it"}
"""Never says no by itself: a portal profile may come into use while people sign."""


def test_every_gate_has_an_example_that_breaks_it() -> None:
    assert set(BREAKS) | WARNS_ONLY == {g.name for g in ask(good_state())}


@pytest.mark.parametrize(
    ("name", "changes", "said"), [(name, changes, said) for name, cases in BREAKS.items() for changes, said in cases]
)
def test_a_gate_says_no_with_its_reason_and_what_to_do(name: str, changes: dict[str, Any], said: str) -> None:
    found = gate(good_state(**changes), name)
    assert not found.passed
    assert said in found.reason
    assert found.todo


PASSES: list[tuple[str, dict[str, Any], str, bool]] = [
    (
        "The way to deliver takes it",
        {"against": ("no portal profile is in use for this way", "b", "c", "d")},
        "A delivery would stop: no portal profile is in use for this way; b; c.",
        True,
    ),
    ("The way to deliver takes it", {}, "Nothing speaks against it", False),
    (
        "Every file was scanned",
        {"packed": (packed(1, **NOT_SCANNED, override_by="p2", overrider_email="legal@firm.example"),)},
        "Volume 1.pdf by legal@firm.example",
        True,
    ),
    ("No file has macros", {"packed": (packed(1, scan_findings={}),)}, "None was found", False),
    ("No file has macros", {"packed": (packed(1, media_type=WORD, scan_findings={}),)}, "None was found", False),
    (
        "The whole fits",
        {"of_offer": EMAIL, "fields": TO, "packed": (packed(1, size_bytes=7_300_000),)},
        "of 10.0 MB, usual",
        False,
    ),
    (
        "The whole fits",
        {
            "of_offer": EMAIL,
            "fields": TO,
            "packed": (packed(1, size_bytes=7_500_000),),
            "limits": Limits(total_bytes=25_000_000),
        },
        "as the solicitation states",
        False,
    ),
    ("The whole fits", {"packed": (packed(1, size_bytes=700_000_000),)}, "states no limit", False),
    (
        "Page limits hold",
        {
            "limits": Limits(pages={"Technical": 23}),
            "packed": (packed(1, volume="Technical", scan_findings={}, counted=20),),
        },
        "Technical 20 of 23, partly counted by hand",
        True,
    ),
    (
        "Names are as demanded",
        {
            "limits": Limits(name_template="{solicitation_number}_{volume}.pdf"),
            "packed": (packed(1, name="W9124-26-R-0001_Volume I.pdf", volume="Volume I"),),
        },
        "All follow",
        False,
    ),
    (
        "The checklist is complete",
        {
            "points": (
                point(1, completed=False, waived_reason="No bond is asked for"),
                point(2, completed=False, is_required=False),
            )
        },
        "0 points done, 1 waived",
        False,
    ),
    ("The checklist is complete", {"points": ()}, "no points", True),
    ("The deadline is ahead", {"at": AT + timedelta(days=9, hours=1)}, "has passed", True),
    ("The deadline is ahead", {"of_offer": {"due_date": None}}, "states no deadline", True),
    ("The deadline is ahead", {"of_offer": {"due_precision": DeadlinePrecision.DATE}}, "names a day only", True),
    ("Delivery is described", {"of_offer": EMAIL, "fields": TO}, "E-mail", False),
]


@pytest.mark.parametrize(("name", "changes", "said", "warns"), PASSES)
def test_a_gate_that_holds_tells_what_it_found(name: str, changes: dict[str, Any], said: str, warns: bool) -> None:
    found = gate(good_state(**changes), name)
    assert (found.passed, found.warns) == (True, warns)
    assert said in found.reason
