"""Points in a notice's own text: found with the words that ask, byte for byte; and nothing found without them."""

import csv
import gzip
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.submission.points_in_text import FoundPoint, masked, points_in
from pipelines.submission.text_rules import rules

pytestmark = pytest.mark.thorough


def found(text: str) -> dict[str, FoundPoint]:
    points = points_in({"title": "Notice", "description": text})
    assert all(
        p.quote and text[p.start : p.start + len(p.quote)] == p.quote for p in points if p.field == "description"
    )
    return {p.title: p for p in points}


ASKED = [
    ("page_limit", "Responses shall not exceed ten (10) pages.", "Page limit kept"),
    ("page_limit", "A 5-page limit applies to the capability brief.", "Page limit kept"),
    ("volumes", "Proposals shall be submitted in three separate volumes.", "Volumes as the notice divides them"),
    ("font", "Use Times New Roman of at least 11 point.", "Font, size and margins as asked"),
    ("file_format", "Quotes shall be submitted in PDF format.", "Files in the formats asked for"),
    ("size_limit", "E-mail attachments must not exceed 10 MB.", "Size of files or e-mail within the limit"),
    ("email_delivery", "Offers shall be emailed to jane.buyer@navy.example by noon.", "Sent to the e-mail address that the notice names"),
    ("subject_line", "Include the number in the subject line.", "Subject line of the e-mail as asked"),
    ("portal", "Proposals are submitted through PIEE only.", "Delivered through PIEE"),
    ("question_deadline", "Questions must be received no later than 5 May 2031, 2:00 pm.", "Questions sent before their own date"),
    ("site_visit", "A site visit will be held on 3 May 2031.", "Attend: site visit"),
    ("copies", "Offerors shall submit one original and two copies of the proposal.", "Number and kind of copies as asked"),
    ("form", "Complete and sign the SF 1449 and return it.", "SF 1449 filled and signed"),
    ("form", "Offerors must complete Standard Form 33.", "SF 33 filled and signed"),
    ("form", "A DD Form 2345 is required.", "DD Form 2345 filled and signed"),
    ("provision", "52.225-2 must be completed.", "Representation complete: 52.225-2, Buy American certificate"),
    ("provision", "See DFARS 252.225-7055.", "Representation complete: 252.225-7055, Maduro regime representation"),
    ("bonds", "A bid bond of 20 percent must accompany the bid.", "Surety: bid bond"),
    ("cyber", "CMMC Level 2 is required at award.", "Cyber security shown: CMMC"),
    ("oral", "Oral presentations take place in week two.", "Oral presentation prepared"),
    ("samples", "Offerors shall provide product samples.", "Samples delivered as asked"),
    ("past_performance", "Submit past performance references for three contracts.", "Past performance as the notice defines it"),
    ("source_approval", "Others must submit a Source Approval Request.", "Source approval or qualification shown"),
    ("technical_data", "Request access under the Joint Certification Program.", "Access to controlled data: joint certification program"),
    ("clearance", "The contractor must hold a facility clearance.", "Clearance shown: facility clearance"),
    ("brand_name", "This is a brand name or equal requirement.", "Equal product described against the salient characteristics"),
    ("authorization", "Proof of being an authorized reseller is required.", "Manufacturer's authorization attached"),
    ("validity", "Offers shall remain valid for 60 days.", "Offer valid as long as asked"),
    ("wages", "Wage determination 2015-5357 applies.", "Wage determination of the notice applied"),
    ("insurance", "Provide a certificate of insurance.", "Insurance shown"),
    ("licence", "The firm must be certified to ISO 9001.", "Shown: ISO 9001"),
    ("capability", "Please submit a capability statement.", "Statement of capability as the notice describes it"),
    ("all_or_none", "Award is made on an all or none basis.", "Every line priced: award is all or none"),
    ("price_form", "The price schedule must be completed.", "Prices in the form that the notice gives"),
    ("lead_time", "State your lead time in the quote.", "Delivery time stated in the offer"),
    ("registration", "Vendors must be registered in SAM at the time of offer.", "Registration at SAM.gov as the notice asks"),
    ("country_of_origin", "Quotes must state the country of origin.", "Origin shown: Country Of Origin"),
    ("amendments", "Offerors shall acknowledge all amendments.", "Amendments acknowledged as the notice asks"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "sentence", "title"), ASKED)
def test_what_a_sentence_asks_is_found_with_the_sentence(kind: str, sentence: str, title: str) -> None:
    before, after = "The Navy buys pumps. ", " Award follows in June."
    point = found(before + sentence + after)[title]
    assert (point.kind, point.field, point.quote) == (kind, "description", sentence)


def test_every_rule_has_an_example() -> None:
    assert {rule.kind for rule in rules()} == {kind for kind, _, _ in ASKED}


@pytest.mark.parametrize(
    "sentence",
    [
        "No site visit will be held.",
        "During the site visit of 3 May the roof was measured.",
        "Oral presentations will not be held.",
        "A bid bond is not required.",
        "The drawings are a source controlled drawing.",
        "Direct questions and quotes to jane.buyer@navy.example.",
        "Responses to questions received by 3 May are posted.",
        "A copy of the solicitation is available from jane.buyer@navy.example.",
        "This solicitation will be issued on SF 1449.",
        "Amended SF 1442 will be posted in May.",
        "FAR 52.204-25 applies.",
        "The tank is 10 pages deep.",
        "The member number is 12.",
        "The volume of the tank is 3 gallons.",
    ],
)
def test_what_is_only_mentioned_makes_no_point(sentence: str) -> None:
    assert found(sentence) == {}


def test_markup_is_looked_through_and_kept_in_the_quote() -> None:
    text = "<p>Buy.</p><p>Responses shall&nbsp;<b>not</b> exceed <i>5</i> pages.</p><p>End of it.</p>"
    assert found(text)["Page limit kept"].quote == "Responses shall&nbsp;<b>not</b> exceed <i>5</i> pages."


def test_abbreviations_end_no_sentence() -> None:
    sentence = "Questions for Contract No. 7 are due to Mr. Smith by 2:00 p.m. on 5 May 2031."
    assert found(f"Buy. {sentence} Go.")["Questions sent before their own date"].quote == sentence


def test_the_same_thing_is_asked_once_and_different_forms_each() -> None:
    titles = found("Complete and sign the SF 33. Return SF 33 signed. Complete and return SF 30. " * 5)
    assert sorted(titles) == ["SF 30 filled and signed", "SF 33 filled and signed"]


def test_a_turkish_capital_moves_no_quote() -> None:
    assert "Page limit kept" in found("İzmir İncirlik İ. Responses shall not exceed 5 pages.")


@given(st.text(alphabet="<>&nbsp;/ab İ\n.:@0159\x1f", max_size=300))
def test_masking_keeps_every_sign_at_its_place(text: str) -> None:
    assert len(masked(text)) == len(text)


pieces = st.sampled_from(
    [s for _, s, _ in ASKED] + ["<p>", "</td>", "&nbsp;", "\n\n", " No. ", "İ", "<", "@", "5 May 2031 "]
)


@given(st.lists(pieces, max_size=12).map("".join))
def test_a_quote_always_stands_in_the_text(text: str) -> None:
    found(text)


@pytest.mark.parametrize(
    "seed",
    ["<", "<a", "&", "a@", "a@b.", "sf-", "52.204-", "\n1", "1.", "((", "page ", "pages limit 3 ", "questions by ",
     "email offers to ", "offer sent submit a@b.c ", "1 (1) hard ", "İ", "site visit no ", "x" * 64 + "@", "manufacturer letter "],
)  # fmt: skip
def test_no_text_takes_long(seed: str) -> None:
    text = (seed * (2_000_000 // len(seed) + 1))[:2_000_000]
    before = time.process_time()
    points_in({"description": text})
    # A quiet machine takes below half a second; the limit leaves room for a busy one.
    assert time.process_time() - before < 2


@pytest.mark.shared
@pytest.mark.thorough
def test_real_notices_give_points_whose_words_stand_in_them(shared_data: Path) -> None:
    csv.field_size_limit(10**8)
    kinds = {"Combined Synopsis/Solicitation", "Solicitation", "Sources Sought", "Presolicitation"}
    with gzip.open(shared_data / "sam_gov/ContractOpportunities_sample.csv.gz", "rt", encoding="latin-1") as file:
        rows = [(r["Title"], r["Description"]) for r in csv.DictReader(file) if r["Type"] in kinds]
    with_points = 0
    for title, description in rows:
        texts = {"title": title, "description": description}
        points = points_in(texts)
        assert all(texts[p.field][p.start : p.start + len(p.quote)] == p.quote != "" for p in points)
        with_points += bool(points)
    assert len(rows) > 1_000
    assert with_points / len(rows) > 0.25
