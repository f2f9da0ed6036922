"""What stands against a delivery by recipe before anything is done; what it does is tried in test_recipe_run.py and others."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.submission.executor import Parcel, find_executors
from pipelines.submission.executors.browser import EXECUTOR
from tests.pipelines.submission.recipes import HEAD, Told, parcel_in, profile_of
from warehouse.domain.delivery import Refused, Unclear

RECIPE = """
accepted = "Thank you"
[[browser.steps]]
fill = "{reference} {field.UEI} {field.Fax?}"
label = "Title"
[[browser.steps]]
upload = "*.pdf"
[[browser.steps]]
click = "Send"
is_last_act = true
[browser.receipt]
pattern = 'Number (\\\\d+)'
"""
LIMITS = HEAD.replace(
    "[timing]",
    '[limits]\nfile_bytes = 100\ntotal_bytes = "150 B"\nfiles = 2\ntypes = ["pdf"]\nname_characters = 12\n[timing]',
)


@pytest.fixture
def parcel(tmp_path: Path) -> Parcel:
    profile = profile_of("http://127.0.0.1:1", RECIPE, head=LIMITS)
    with parcel_in(tmp_path, profile, entries="UEI: ABC123DEF456", a__pdf=b"x" * 90, b__pdf=b"y" * 50) as made:
        return made


def test_the_way_is_found_by_its_name() -> None:
    assert find_executors()["browser"] is EXECUTOR


def test_nothing_stands_against_what_fits(parcel: Parcel) -> None:
    assert EXECUTOR.faults(parcel) == []


def file(parcel: Parcel, **changed: object) -> Parcel:
    return replace(parcel, files=(replace(parcel.files[0], **changed), parcel.files[1]))  # type: ignore[arg-type]


def against(parcel: Parcel) -> str:
    return " ".join(EXECUTOR.faults(parcel))


def test_files_over_limits_and_of_other_types_are_named(parcel: Parcel) -> None:
    assert "a.pdf has" in against(file(parcel, size=101))
    assert against(file(parcel, size=100)) == ""
    assert "together" in against(
        replace(parcel, files=(replace(parcel.files[0], size=100), replace(parcel.files[1], size=51)))
    )
    assert "a.exe is of a type" in against(file(parcel, name="a.exe"))
    assert "a name of 17 characters" in against(file(parcel, name="volume number.pdf"))
    assert "There are 3 files" in against(replace(parcel, files=(*parcel.files, parcel.files[0])))
    assert "holds no file" in against(replace(parcel, files=()))


def test_file_for_which_the_recipe_has_no_place_is_named(parcel: Parcel) -> None:
    assert "no place for b.doc" in against(replace(parcel, files=(replace(parcel.files[1], name="b.doc"),)))


def test_lines_that_the_portal_asks_for_are_named(parcel: Parcel) -> None:
    assert EXECUTOR.faults(replace(parcel, fields={"entries": "Fax: 1"})) == [
        "The portal asks for 'UEI': add a line UEI: … to what the forms ask for."
    ]


@pytest.mark.parametrize(
    ("address", "is_fault"), [("https://127.0.0.1/x", False), ("https://other.gov/", True), ("", False)]
)
def test_package_for_another_portal_is_not_delivered_to_this_one(parcel: Parcel, address: str, is_fault: bool) -> None:
    found = EXECUTOR.faults(replace(parcel, fields={**parcel.fields, "portal_address": address}))
    assert bool(found) is is_fault


def test_what_nobody_permits_is_only_tried_dry(parcel: Parcel) -> None:
    assert parcel.profile is not None
    unpermitted = replace(parcel, profile=replace(parcel.profile, basis=None))
    assert "Nobody is named" in against(unpermitted)
    assert EXECUTOR.faults(replace(unpermitted, is_dry_run=True)) == []


def test_without_a_sound_recipe_nothing_is_begun(parcel: Parcel) -> None:
    bare = replace(parcel, profile=None)
    assert isinstance(EXECUTOR.act(bare, Told()), Refused)
    assert isinstance(EXECUTOR.look_up(bare, Told()), Unclear)
    assert parcel.profile is not None
    faulty = replace(parcel, profile=replace(parcel.profile, sections={"browser": {"start": "http://127.0.0.1:1/"}}))
    assert "not sound" in against(faulty)


def test_kept_out_network_lets_nothing_go_to_a_foreign_host(parcel: Parcel, monkeypatch: pytest.MonkeyPatch) -> None:
    from warehouse import settings

    monkeypatch.setenv("PROCURA_OFFLINE", "1")
    settings.current.cache_clear()
    assert parcel.profile is not None
    profile = profile_of("http://127.0.0.1:1", RECIPE, head=LIMITS.replace('["{host}"]', '["{host}", "a.example"]'))
    assert "kept out" in against(replace(parcel, profile=profile))
    settings.current.cache_clear()
