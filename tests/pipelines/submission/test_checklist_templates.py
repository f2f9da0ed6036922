"""Templates as data: the shipped ones hold, a firm's own take their place, and a fault names its file and line."""

from pathlib import Path

import pytest

from pipelines.submission.checklist_templates import SHIPPED, load_templates
from warehouse.domain.access import Department
from warehouse.domain.checklist import NoticeFacts, choose, circle
from warehouse.domain.codes import SET_ASIDES
from warehouse.domain.notice import BIDDABLE, NoticeType
from warehouse.settings import Settings

GOOD = 'title = "Ours"\n[[points]]\nkey = "egress_plan"\ntitle = "Egress plan"\n'


def write(home: Path, name: str, text: str | bytes) -> Settings:
    (home / "templates").mkdir(exist_ok=True)
    target = home / "templates" / name
    target.write_bytes(text.encode() if isinstance(text, str) else text)
    return Settings(home=home)


def facts(
    notice_type: str = "Solicitation", set_aside: str = "", naics: str = "541512", psc: str = "DA01"
) -> NoticeFacts:
    source = "grants_gov" if notice_type == NoticeType.GRANT else "sam_gov"
    return NoticeFacts(source, notice_type, set_aside, naics, psc, "DEPT OF DEFENSE", True, True)


def keys(settings: Settings, notice: NoticeFacts) -> set[str]:
    return {one.point.key for one in choose(load_templates(settings).templates, notice)}


def test_shipped_templates_have_no_fault_and_serve_every_notice_that_can_be_answered(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    loaded = load_templates(settings)
    assert loaded.faults == ()
    assert {t.name for t in loaded.templates} == {path.stem for path in SHIPPED.glob("*.toml")}
    for notice_type in BIDDABLE:
        for set_aside in ("", *SET_ASIDES):
            for naics, psc in (("541512", "DA01"), ("236220", "Y1JZ"), ("334111", "7050")):
                chosen = choose(loaded.templates, facts(notice_type.value, set_aside, naics, psc))
                assert 10 <= len(chosen) <= 45
                assert {"sam_registration", "notice_read", "final_read"} <= {one.point.key for one in chosen}
                assert circle({one.template_key: one.depends_on for one in chosen}) == ()


@pytest.mark.parametrize(
    ("notice", "has", "has_not"),
    [
        (
            facts(set_aside="8A"),
            {"eligible_8a", "naics_size", "limits_on_subcontracting"},
            {"eligible_wosb", "subcontracting_plan"},
        ),
        (facts(set_aside="SDVOSBC"), {"eligible_sdvosb"}, {"eligible_8a", "eligible_hubzone"}),
        (facts(set_aside="HZC"), {"eligible_hubzone"}, {"eligible_sdvosb"}),
        (facts(set_aside="EDWOSB"), {"eligible_wosb"}, {"eligible_hubzone"}),
        (
            facts(),
            {"subcontracting_plan", "cyber_score", "wage_determination"},
            {"naics_size", "bid_bond", "nonmanufacturer"},
        ),
        (
            facts(naics="236220", psc="Y1JZ"),
            {"bid_bond", "performance_bonds", "construction_wages"},
            {"country_of_origin"},
        ),
        (
            facts(set_aside="SBA", psc="7050"),
            {"nonmanufacturer", "country_of_origin"},
            {"wage_determination", "bid_bond"},
        ),
        (
            facts("Sources Sought", "SBA"),
            {"capability_statement", "naics_size"},
            {"price", "finance_review", "legal_review"},
        ),
        (facts("Presolicitation"), {"interest_told"}, {"price", "capability_statement"}),
    ],
)
def test_a_notice_gets_the_points_of_its_type_set_aside_and_work(
    tmp_path: Path, notice: NoticeFacts, has: set[str], has_not: set[str]
) -> None:
    found = keys(Settings(home=tmp_path), notice)
    assert has <= found
    assert not has_not & found


def test_finance_and_legal_reviews_of_an_offer_are_locked(tmp_path: Path) -> None:
    chosen = {one.point.key: one.point for one in choose(load_templates(Settings(home=tmp_path)).templates, facts())}
    assert {(k, chosen[k].department) for k in chosen if chosen[k].locked} == {
        ("finance_review", Department.FINANCE),
        ("legal_review", Department.LEGAL),
    }


def test_grants_have_their_own_template(tmp_path: Path) -> None:
    found = keys(Settings(home=tmp_path), NoticeFacts("simpler_grants", "Other", "", "", "", "NSF", False, True))
    assert {"sf_424", "budget", "sam_registration"} <= found
    assert "price" not in found


def test_a_firms_file_adds_points_and_one_of_the_same_name_takes_the_shipped_ones_place(tmp_path: Path) -> None:
    settings = write(tmp_path, "ours.toml", GOOD + 'depends_on = ["price"]\ndue = { working_days = 2, hours = 1 }\n')
    assert {"egress_plan", "price", "sam_registration"} <= keys(settings, facts())
    write(tmp_path, "offer.toml", GOOD.replace("egress_plan", "only_one"))
    found = keys(settings, facts())
    assert "only_one" in found
    assert "finance_review" not in found
    assert "sam_registration" in found


def test_a_broken_file_is_told_and_the_shipped_one_goes_on(tmp_path: Path) -> None:
    settings = write(tmp_path, "offer.toml", GOOD + "due = { days = 3 }\n")
    assert "finance_review" in keys(settings, facts())
    assert [str(f) for f in load_templates(settings).faults] == [
        "offer.toml:3: point egress_plan: due: days is not known here"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title = ", "bad.toml:1: no TOML"),
        (b"\xff\xfe\x00", "bad.toml: cannot be read"),
        ('title = "x"\n', "it has 0 points"),
        ('[[points]]\nkey = "a"\ntitle = "A"\n', "title is missing"),
        (GOOD + "[[points]]\n", "point 2: key '' must be small letters"),
        (
            GOOD + '[[points]]\nkey = "egress_plan"\ntitle = "Again"\n',
            "bad.toml:3: point egress_plan: there are two of this key",
        ),
        (GOOD + 'depends_on = ["nowhere"]\n', "depends_on names 'nowhere'"),
        (GOOD + 'depends_on = ["egress_plan"]\n', "leads back to the point itself"),
        (GOOD + "locked = true\n", "locked needs a department"),
        (GOOD + 'locked = "yes"\n', "locked must be true or false"),
        (GOOD + 'department = "sales"\n', "department: 'sales' is not known (contracts, legal"),
        (GOOD + 'relies_on = ["weather"]\n', "relies_on: 'weather' is not known (deadline"),
        (GOOD + 'when = { set_aside = ["8A"] }\n', "when: set_aside is not known here"),
        (GOOD + 'when = { flags = ["sunny"] }\n', "when: flags: 'sunny' is not known"),
        (GOOD + "due = { working_days = 61 }\n", "due: working_days must be 0 to 60"),
        (GOOD + "due = { working_days = true }\n", "due: working_days must be a whole number"),
        (GOOD + "colour = 1\n", "colour is not known here"),
        ("points = 3\n" + 'title = "x"', "points must be a list"),
        ('points = [1]\ntitle = "x"', "point 1: key '' must be"),
        (
            'title = "x"\napplies = { notice_types = ["RFQ"] }\n' + GOOD.partition("\n")[2],
            "applies: notice_types: 'RFQ' is not known",
        ),
        (f'{GOOD}detail = "{"x" * 2001}"\n', "detail has 2001 characters"),
        ("#" * 500_001, "larger than 500,000 bytes"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, text: str | bytes, told: str) -> None:
    settings = write(tmp_path, "bad.toml", text)
    loaded = load_templates(settings)
    assert any(told in str(fault) for fault in loaded.faults), [str(f) for f in loaded.faults]
    assert "bad" not in {t.name for t in loaded.templates}


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    settings = write(tmp_path, "Bad Name.toml", GOOD + 'locked = true\ncolour = 1\ndepends_on = ["x"]\n')
    assert len(load_templates(settings).faults) == 4
