"""Profiles of portals from their upload to being retired, by who may, and what a rehearsal leaves."""

import re
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

import pytest
from pydantic import SecretStr

from pipelines.administration.credentials import list_credentials, set_credential
from pipelines.submission.portals.credentials import needs_of, open_secret, portal_needs
from pipelines.submission.portals.profile import parse_profile
from pipelines.submission.portals.profiles import (
    FaultyProfile,
    activate_profile,
    list_profiles,
    look_at_profile,
    read_rehearsal_picture,
    rehearse_profile,
    retire_profile,
    upload_profile,
)
from tests.factories_people import new_person
from tests.fakes.pages import Pages, served
from warehouse import clock
from warehouse.domain.access import Role
from warehouse.errors import NotFound, NotPermitted, WrongState
from warehouse.ledger.store import open_ledger
from warehouse.settings import ROOT, Settings

pytestmark = pytest.mark.thorough
EXAMPLE = re.search(r"```toml\n(.*?)```", (ROOT / "docs/portal-profiles.md").read_text(), re.S)[1]  # type: ignore[index]
SMALL = """format = 1
name = "small"
title = "Small portal"
executor = "browser"
hosts = ["@HOST@"]
credentials = ["user", "password"]
[basis]
permitted_by = "its owner"
on = 2026-01-02
text = "yes"
[limits]
types = ["pdf", "txt"]
[browser]
start = "http://@HOST@/"
accepted = "Thank you"
step_seconds = 60
[browser.sign_in]
done = "Title"
[[browser.sign_in.steps]]
fill = "{credential.password}"
label = "Password"
[[browser.sign_in.steps]]
click = "Sign in"
[[browser.steps]]
go_to = "/form"
[[browser.steps]]
fill = "{title} {reference} {field.Phone}"
label = "Title"
[[browser.steps]]
upload = "all"
[[browser.steps]]
click = "Send"
is_last_act = true
[browser.receipt]
pattern = 'Number (\\d+)'
"""
PAGE = "<form action=/form><label>Password <input type=password name=p></label><button>Sign in</button></form>"
FORM = "<form method=post action=/send><label>Title <input name=t></label><input type=file multiple name=f><button>Send</button></form>"


def named(name: str, *, title: str = "Water Research Grants") -> str:
    return EXAMPLE.replace('name = "water-grants"', f'name = "{name}"').replace("Water Research Grants", title)


def test_versions_follow_each_other_and_one_is_in_use(home: Settings) -> None:
    admin, ledger, at = new_person(Role.ADMIN), open_ledger(), clock.now()
    first = upload_profile(ledger, named("one"), at=at, by=admin)
    assert (first.version, first.is_active, first.sha256) == (1, False, sha256(named("one").encode()).hexdigest())
    assert activate_profile(ledger, first.id, at=at, by=admin).is_active
    second = upload_profile(ledger, named("one", title="Renamed"), at=at, by=admin)
    assert (second.version, look_at_profile(ledger, first.id, by=admin).row.is_active) == (2, True)
    activate_profile(ledger, second.id, at=at, by=admin)
    states = [(row.version, row.is_active) for row in list_profiles(ledger, by=admin) if row.name == "one"]
    assert states == [(2, True), (1, False)]
    retire_profile(ledger, second.id, at=at, by=admin)
    assert not look_at_profile(ledger, second.id, by=admin).row.is_active
    with pytest.raises(WrongState, match="not in use"):
        retire_profile(ledger, second.id, at=at, by=admin)
    with pytest.raises(WrongState, match="activated before"):
        activate_profile(ledger, first.id, at=at, by=admin)


def test_same_text_is_no_new_version(home: Settings) -> None:
    admin = new_person(Role.ADMIN)
    upload_profile(open_ledger(), named("same"), at=clock.now(), by=admin)
    with pytest.raises(WrongState, match="this very text"):
        upload_profile(open_ledger(), named("same"), at=clock.now(), by=admin)


def test_faulty_text_is_not_kept_and_every_fault_is_named(home: Settings) -> None:
    with pytest.raises(FaultyProfile) as refused:
        upload_profile(
            open_ledger(), named("bad").replace('label = "Password"', ""), at=clock.now(), by=new_person(Role.ADMIN)
        )
    assert [fault.key for fault in refused.value.faults] == ["browser.sign_in.steps[3]"]
    assert refused.value.faults[0].line > 0


def test_profile_that_nobody_permits_is_kept_and_not_activated(home: Settings) -> None:
    admin, text = new_person(Role.ADMIN), named("unpermitted")
    row = upload_profile(
        open_ledger(), text[: text.index("[basis]")] + text[text.index("[timing]") :], at=clock.now(), by=admin
    )
    with pytest.raises(WrongState, match="nobody who permits"):
        activate_profile(open_ledger(), row.id, at=clock.now(), by=admin)


@pytest.mark.parametrize("role", [Role.CONTRACT_OFFICER, Role.VIEWER])
def test_others_look_and_change_nothing(home: Settings, role: Role) -> None:
    admin, other, at = new_person(Role.ADMIN), new_person(role), clock.now()
    row = upload_profile(open_ledger(), named(f"of-{role.value.replace('_', '-')}"), at=at, by=admin)
    assert look_at_profile(open_ledger(), row.id, by=other).profile is not None
    with pytest.raises(NotPermitted):
        upload_profile(open_ledger(), named("x1"), at=at, by=other)
    with pytest.raises(NotPermitted):
        activate_profile(open_ledger(), row.id, at=at, by=other)
    with pytest.raises(NotPermitted):
        rehearse_profile(open_ledger(), row.id, settings=home, at=at, by=other)


def test_credential_is_opened_for_a_host_of_its_profile_only(home: Settings) -> None:
    admin, ledger = new_person(Role.ADMIN), open_ledger()
    row = upload_profile(ledger, named("sealed"), at=clock.now(), by=admin)
    profile = parse_profile(row.body)
    assert [need.field for need in portal_needs(ledger) if need.connector == "portal:sealed"] == ["user", "password"]
    host = "apply.water-grants.example"
    with pytest.raises(NotFound, match="set-credential sealed password"):
        open_secret(ledger, profile, "password", host=host)
    set_credential(ledger, needs_of(profile)[1], SecretStr("blue glass lamps"), at=clock.now(), by=admin)
    assert open_secret(ledger, profile, "password", host=host).text == "blue glass lamps"
    assert "blue" not in repr(open_secret(ledger, profile, "password", host=host))
    for wrong in ("evil.example", "static.water-grants.example", "APPLY.water-grants.example"):
        with pytest.raises(NotPermitted, match="no host"):
            open_secret(ledger, profile, "password", host=wrong)
    with pytest.raises(NotPermitted, match="names no credential"):
        open_secret(ledger, profile, "token", host=host)
    other = replace(profile, name="another")
    with pytest.raises(NotFound):
        open_secret(ledger, other, "password", host=host)
    assert [one.is_set for one in list_credentials(ledger, needs_of(profile), at=clock.now(), by=admin)] == [
        False,
        True,
    ]


@pytest.fixture(scope="module")
def server() -> Iterator[Pages]:
    with served({"/": PAGE, "/form": FORM}) as pages:
        yield pages


@pytest.mark.browser
def test_rehearsal_reaches_the_last_button_presses_nothing_and_keeps_pictures(home: Settings, server: Pages) -> None:
    admin, ledger, at = new_person(Role.ADMIN), open_ledger(), clock.now()
    row = upload_profile(ledger, SMALL.replace("@HOST@", server.host), at=at, by=admin)
    missing = rehearse_profile(ledger, row.id, settings=home, at=at, by=admin)
    assert not missing.reached_end
    assert "set-credential small password" in missing.words
    set_credential(ledger, needs_of(parse_profile(row.body))[1], SecretStr("blue glass lamps"), at=at, by=admin)
    done = rehearse_profile(ledger, row.id, settings=home, at=at, by=admin)
    assert done.reached_end, done
    assert server.posted() == []
    look = look_at_profile(ledger, row.id, by=new_person(Role.VIEWER))
    assert [one.reached_end for one in look.rehearsals] == [True, False]
    newest = look.rehearsals[0]
    names = [str(one["name"]) for one in newest.evidence]
    assert any("before the last act" in name for name in names)
    _, picture = read_rehearsal_picture(ledger, newest.id, 1, by=new_person(Role.VIEWER))
    assert picture.startswith(b"\x89PNG")
    assert sha256(picture).hexdigest() == newest.evidence[0]["sha256"]
    assert float(look.row.measured_seconds or 0) == pytest.approx(done.seconds, abs=0.01)
    with pytest.raises(NotFound):
        read_rehearsal_picture(ledger, newest.id, len(names) + 1, by=admin)
    activate_profile(ledger, row.id, at=at, by=admin)
    assert rehearse_profile(ledger, row.id, settings=home, at=at, by=new_person(Role.ADMIN)).reached_end
