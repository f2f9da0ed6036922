"""Records of an XML file: each is landed or quarantined, whatever is damaged; reading goes on at any bookmark; memory stays small."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.discovery.connectors.grants_gov import CONNECTOR, EXTRACT
from pipelines.discovery.records import read_slices
from pipelines.discovery.shapes import Form, Shape, Skip
from pipelines.discovery.slices import Slice
from tests.fakes.grants_gov import extract, opportunity, xml_record, zipped
from warehouse.lake.landings import Bookmark
from warehouse.settings import ROOT

SHAPE = Shape(Form.XML, xml=EXTRACT)
BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE bomb [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>
<Grants>
<OpportunitySynopsisDetail_1_0><OpportunityID>1</OpportunityID><Description>&b;</Description></OpportunitySynopsisDetail_1_0>
<OpportunitySynopsisDetail_1_0><OpportunityID>2</OpportunityID><Description>&c;</Description></OpportunitySynopsisDetail_1_0>
<OpportunitySynopsisDetail_1_0><OpportunityID>3</OpportunityID><Description>&lt;p&gt;ok</Description></OpportunitySynopsisDetail_1_0>
</Grants>"""


def slices(body: bytes, start: Bookmark | None = None, most: int = 50_000) -> list[Slice]:
    return list(CONNECTOR.slices(io.BytesIO(body), SHAPE, start or Bookmark(), most))


def records(parts: list[Slice]) -> list[dict[str, object]]:
    return [json.loads(text) for part in parts for text in part.records["text"].to_pylist()]


def faults(parts: list[Slice]) -> list[tuple[int, int | None, str]]:
    return [(fault.position, fault.line, fault.reason) for part in parts for fault in part.faults]


def accounted(parts: list[Slice]) -> bool:
    """Say whether every position is a record or a fault, once."""
    found = [p for part in parts for p in part.records["position"].to_pylist()] + [f[0] for f in faults(parts)]
    return sorted(found) == list(range(1, parts[-1].end.position + 1))


def test_elements_become_fields_and_those_that_repeat_lists() -> None:
    body = extract([xml_record(opportunity(1, title="Rivers & <lakes>", listings=("66.419", "66.437")))])
    [record] = records(slices(body))
    assert record["element"] == "OpportunitySynopsisDetail_1_0"
    assert record["OpportunityTitle"] == "Rivers & <lakes>"
    assert record["CFDANumbers"] == ["66.419", "66.437"]
    assert record["FundingInstrumentType"] == ["G"]
    assert record["GrantorContactText"] == "Office of Grants&lt;br/&gt;202-555-0100", "decoded once, as XML is"


def test_a_namespace_with_a_prefix_reads_the_same() -> None:
    plain = extract([xml_record(opportunity(1)), xml_record(opportunity(2, status="forecasted"))])
    prefixed = plain.replace(b"xmlns=", b"xmlns:g=")
    for name in (b"Grants", b"Opportunity", b"Post", b"CFDA", b"Award"):
        prefixed = prefixed.replace(b"<" + name, b"<g:" + name).replace(b"</" + name, b"</g:" + name)
    assert records(slices(prefixed)) == records(slices(plain))


@pytest.mark.parametrize("most", [1, 3, 50_000])
def test_reading_goes_on_at_every_bookmark(most: int) -> None:
    body = zipped(extract(xml_record(opportunity(n, description="ä" * n)) for n in range(10)))
    whole = slices(body, most=most)
    assert accounted(whole)
    assert whole[-1].is_last
    assert not any(part.is_last for part in whole[:-1])
    for part in whole:
        rest = slices(body, part.end)
        assert records(rest) == records(whole)[part.end.position :]
        assert [p.end for p in rest][-1:] in ([whole[-1].end], [])


def test_a_damaged_record_costs_itself_and_says_its_line() -> None:
    good = [xml_record(opportunity(n)) for n in range(4)]
    unclosed = good[1].replace("</OpportunityTitle>", "")
    endless = good[2].rpartition("\n")[0]
    body = extract([good[0], unclosed, endless, good[3]])
    parts = slices(body)
    assert accounted(parts)
    assert [record["OpportunityID"] for record in records(parts)] == ["350000", "350003"]
    [(at_1, line_1, reason_1), (at_2, line_2, reason_2)] = faults(parts)
    lines = good[0].count("\n") + 1
    assert (at_1, at_2) == (2, 3)
    assert "mismatched tag" in reason_1
    assert line_1 == 3 + lines + unclosed.count("\n"), "where its own end does not fit what is open"
    assert "its end is missing" in reason_2
    assert line_2 == 3 + lines + unclosed.count("\n") + 1


def test_what_stands_between_records_is_kept_too() -> None:
    strange = "<OpportunityOtherDetail_2_0><OpportunityID>7</OpportunityID></OpportunityOtherDetail_2_0>"
    body = extract([xml_record(opportunity(1)), "<!-- nothing -->", strange, xml_record(opportunity(2)), "words"])
    parts = slices(body)
    assert accounted(parts)
    assert [reason for _, _, reason in faults(parts)] == ["it is none of the known records"] * 2
    assert strange.encode() in parts[0].faults[0].raw


@pytest.mark.parametrize("cut", [200, 900, 3_000])
def test_a_cut_file_gives_what_came_before_and_one_fault(cut: int) -> None:
    body = extract(xml_record(opportunity(n)) for n in range(10))
    parts = slices(body[: len(body) - cut])
    assert accounted(parts)
    assert [reason for _, _, reason in faults(parts)] == ["the file ends within it"]
    assert len(records(parts)) == parts[-1].end.position - 1 > 5
    cut_zip = zipped(body)
    parts = slices(cut_zip[: len(cut_zip) * 2 // 3])
    assert accounted(parts)
    assert "ends within" in faults(parts)[-1][2]
    assert parts[-1].is_last


def test_a_bomb_is_a_fault_and_its_entities_are_nobodys() -> None:
    assert CONNECTOR.detect(io.BytesIO(BOMB)) == SHAPE
    parts = slices(BOMB)
    assert accounted(parts)
    reasons = [reason for _, _, reason in faults(parts)]
    assert "document type declaration" in reasons[0]
    assert [reason.partition("(")[2] for reason in reasons[1:]] == ["undefined entity)"] * 2
    assert records(parts) == [
        {"element": "OpportunitySynopsisDetail_1_0", "OpportunityID": "3", "Description": "<p>ok"}
    ]


def test_a_record_without_end_stops_at_a_bound() -> None:
    body = extract([xml_record(opportunity(1)), "<OpportunitySynopsisDetail_1_0><Description>" + "x" * 9_000_000])
    parts = slices(body)
    assert accounted(parts)
    assert len(records(parts)) == 1
    assert "longer than 4,000,000 bytes" in faults(parts)[0][2]
    assert all(len(fault.raw) <= 1_000_000 for part in parts for fault in part.faults)


def test_bytes_that_are_no_utf_8_are_read_and_flagged() -> None:
    body = extract([xml_record(opportunity(1, title="Caf\u00e9"))]).replace("\u00e9".encode(), b"\xe9")
    [part] = slices(body)
    assert records([part])[0]["OpportunityTitle"] == "Caf\u00e9"
    assert part.records["reading_flags"].to_pylist() == [["text_windows_1252"]]


def test_another_schema_is_not_read_and_the_reason_names_what_is_missing() -> None:
    body = extract([xml_record(opportunity(1)).replace("Detail_1_0", "Detail_2_0")])
    for file in (body, zipped(body)):
        skip = CONNECTOR.detect(io.BytesIO(file))
        assert isinstance(skip, Skip)
        assert "OpportunitySynopsisDetail_1_0" in skip.reason


READER = """
import resource, sys
from pathlib import Path
from pipelines.discovery.connectors.grants_gov import CONNECTOR
from warehouse.lake.landings import Bookmark

with Path(sys.argv[1]).open("rb") as file:
    shape = CONNECTOR.detect(file)
with Path(sys.argv[1]).open("rb") as file:
    done = sum(CONNECTOR.to_rows(part).rows.num_rows for part in CONNECTOR.slices(file, shape, Bookmark(), 50_000))
print(done, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_of(path: Path, count: int) -> int:
    """Read an extract of so many records of the usual length in a process of its own; return its peak memory in KiB."""
    text = "Applicants measure the water of rivers and lakes. " * 60
    path.write_bytes(zipped(extract(xml_record(opportunity(n, description=f"{n} {text}")) for n in range(count))))
    answer = subprocess.run(
        [sys.executable, "-c", READER, str(path)], cwd=ROOT, env=os.environ, check=True, capture_output=True, text=True
    )
    done, peak = map(int, answer.stdout.split())
    assert done == count
    return peak


@pytest.mark.thorough
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    small, large = peak_of(tmp_path / "small.zip", 2_000), peak_of(tmp_path / "large.zip", 40_000)
    assert large < 2 * small, f"{small:,} KiB for 2,000 records, {large:,} KiB for 40,000"


@pytest.mark.shared
def test_the_real_record_reads(shared_data: Path) -> None:
    body = (shared_data / "grants_gov/GrantsDBExtract_one_record.xml").read_bytes()
    for file in (body, zipped(body)):
        assert CONNECTOR.detect(io.BytesIO(file)) == SHAPE
        parts = slices(file)
        assert not faults(parts)
        assert records(parts)[0]["OpportunityNumber"] == "G12AS20003"
    assert next(iter(read_slices(io.BytesIO(body), SHAPE))).is_last
