"""The market's marts: who holds the work, what ends when, who spends, who competes; no money invented."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.factories import AS_OF, land, notice
from tests.factories_awards import award, land_awards
from warehouse.lake.connection import open_lake
from warehouse.lake.marts import refresh_mart
from warehouse.settings import Settings

LONG = "W912DY26F0001"


@pytest.fixture(scope="module", autouse=True)
def _world(home: Settings) -> None:
    rows = [
        notice("n1", title="Janitorial services for offices"),
        notice(
            "n2",
            title="Other work",
            agency="DEPT OF OTHERS",
            description_text=f"It follows W912DY-26-F-0001, see {LONG}.",
        ),
    ]
    land(open_lake(), rows)
    for row in rows:
        open_lake().write(
            lambda cursor, row=row: cursor.execute(
                "insert into core.ledger_opportunities (opportunity_id, source, notice_id, content_hash, status, is_open)"
                " values (?, ?, ?, ?, 'new', true)",
                [row["notice_id"], row["source"], row["notice_id"], row["content_hash"]],
            )
        )


def mart(name: str, *rows: dict[str, Any], where: str = "true") -> list[dict[str, Any]]:
    """Compute a mart over these awards and return its rows."""
    land_awards(open_lake(), list(rows))
    refresh_mart(open_lake(), name, as_of=AS_OF)
    found = open_lake().cursor().execute(f"from marts.{name} where {where} order by all").to_arrow_table().to_pylist()
    return [dict(row) for row in found]


def incumbents(*rows: dict[str, Any], of: str = "n1") -> list[dict[str, Any]]:
    return sorted(mart("incumbents", *rows, where=f"opportunity_id = '{of}'"), key=lambda row: int(row["place"]))


def test_the_same_work_of_the_same_buyer_is_a_likely_incumbent() -> None:
    (found,) = incumbents(award("A"))
    assert (found["score"], found["standing"], found["recipient_name"]) == (85, "likely", "HOLDER ONE LLC")
    assert (found["same_naics"], found["same_psc"], found["same_sub_agency"], found["same_state"]) == (True,) * 4
    assert (found["shared_words"], found["is_named"]) == ("JANITORIAL", False)
    assert (found["obligated_usd"], found["ceiling_usd"]) == (Decimal("1250000.00"), None)


@pytest.mark.parametrize(
    ("changes", "score"),
    [
        ({"naics_code": "561730"}, 70),
        ({"psc_code": "R499"}, 65),
        ({"place_state": "TX"}, 75),
        ({"sub_agency": "Another Office"}, 65),
        ({"description": None}, 80),
        ({"description": "JANITORIAL SERVICES, OFFICES"}, 90),
        ({"ends_on": date(2025, 4, 10)}, 85),
    ],
)
def test_each_piece_of_evidence_counts(changes: dict[str, Any], score: int) -> None:
    assert [row["score"] for row in incumbents(award("A", **changes))] == [score]


@pytest.mark.parametrize(
    "changes",
    [
        {"agency": "Department of Others"},
        {"naics_code": "541512"},
        {"sub_agency": "Another Office", "psc_code": "R499"},
        {"place_state": "TX", "psc_code": "R499", "naics_code": "561730", "description": None},
        {"ends_on": date(2025, 4, 9)},
        {"ends_on": None},
        {"starts_on": date(2026, 4, 11)},
        {"flags": ["not_a_contract"]},
        {"recipient_name": None},
    ],
)
def test_what_is_not_enough_is_not_shown(changes: dict[str, Any]) -> None:
    assert incumbents(award("A", **changes)) == []


def test_the_best_three_are_shown_in_their_order() -> None:
    found = incumbents(
        award("A", place_state="TX"), award("B"), award("C", psc_code="R499"), award("D", naics_code="561730")
    )
    assert [(row["place"], row["piid"]) for row in found] == [(1, "B"), (2, "A"), (3, "D")]


def test_a_contract_that_the_notice_names_is_found_whatever_else_differs() -> None:
    (found,) = incumbents(
        award(LONG, ends_on=date(2020, 1, 1), naics_code="336411", sub_agency=None, psc_code=None), of="n2"
    )
    assert (found["is_named"], found["score"], found["standing"]) == (True, 90, "likely")
    (order,) = incumbents(award("X", parent_piid=LONG, naics_code="336411", place_state=None), of="n2")
    assert (order["is_named"], order["score"]) == (True, 100)


@pytest.mark.parametrize(
    ("ends_on", "is_there"),
    [
        (date(2026, 4, 9), False),
        (date(2026, 4, 10), True),
        (date(2027, 10, 9), True),
        (date(2027, 10, 10), False),
        (None, False),
    ],
)
def test_recompetes_end_within_eighteen_months(ends_on: date | None, is_there: bool) -> None:
    found = mart("recompetes", award("A", ends_on=ends_on), award("G", flags=["not_a_contract"]))
    assert [row["piid"] for row in found] == (["A"] if is_there else [])


def test_spend_counts_for_the_fiscal_year_of_the_start() -> None:
    found = mart(
        "agency_spend",
        award("A", starts_on=date(2024, 9, 30)),
        award("B", starts_on=date(2024, 10, 1), obligated_usd=Decimal("-5.25")),
        award("C", starts_on=date(2025, 9, 30), obligated_usd=None, agency="EXAMPLES, DEPT OF"),
        award("D", starts_on=None, obligated_usd=Decimal(0)),
    )
    assert {row["fiscal_year"]: (row["awards"], row["obligated_usd"]) for row in found} == {
        0: (1, Decimal(0)),
        2024: (1, Decimal("1250000.00")),
        2025: (2, Decimal("-5.25")),
    }


def test_a_competitor_is_its_uei_however_its_name_is_written() -> None:
    found = mart(
        "competitors",
        award("A"),
        award("B", recipient_name="HOLDER ONE, L.L.C.", agency="Department of Others", modified_on=date(2026, 4, 9)),
        award("C", recipient_uei=None, recipient_name="Nameless Inc", ends_on=date(2025, 1, 1)),
        award("D", recipient_uei=None, recipient_name=None),
    )
    said = {
        row["recipient_name"]: (row["awards"], row["agencies"], row["running"], row["obligated_usd"]) for row in found
    }
    assert said == {
        "HOLDER ONE, L.L.C.": (2, 2, 2, Decimal("2500000.00")),
        "Nameless Inc": (1, 1, 0, Decimal("1250000.00")),
    }
