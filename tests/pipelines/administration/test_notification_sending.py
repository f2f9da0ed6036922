import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipelines.administration import notification_sending
from pipelines.administration.notification_channels import hook_kind
from pipelines.administration.notifications import mark_read, save_settings, set_hook
from tests.certificates import Authority
from tests.factories_notifications import new_notice, settle_everything
from tests.factories_people import new_person
from tests.factories_submissions import new_submission
from tests.fakes.receivers import HookServer, Mailbox, running_hooks, running_mailbox
from warehouse.clock import now
from warehouse.domain.access import Department, Person
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.digest import DigestTimes
from warehouse.domain.notification import NotificationKind, Pace
from warehouse.errors import BadInput
from warehouse.ledger import notification_sendings
from warehouse.ledger.store import open_ledger
from warehouse.settings import ROOT, Settings

pytestmark = pytest.mark.thorough

AT = datetime.fromisoformat("2026-04-10T12:00:00+00:00")
ALL_AT_ONCE = dict.fromkeys(NotificationKind, Pace.AT_ONCE)
ALL_IN_THE_DIGEST = dict.fromkeys(NotificationKind, Pace.DIGEST)


@pytest.fixture
def mailbox(home: Settings) -> Iterator[Mailbox]:
    settle_everything(AT)
    with running_mailbox() as box:
        yield box


def online(home: Settings, mailbox: Mailbox, **changes: object) -> Settings:
    values = {"offline": False, "smtp_url": SecretStr(mailbox.url), "public_url": "https://procura.firm.example"}
    return home.model_copy(update=values | changes)


def send(settings: Settings, at: datetime = AT) -> notification_sending.Sent:
    return notification_sending.send_due(open_ledger(), settings, at=at)


def states() -> list[tuple[str, str]]:
    with open_ledger().read() as tx:
        rows = tx.rows("select state, reason from notification_sendings where state <> 'dropped'")
    return [(row["state"], row["reason"]) for row in rows]


def test_a_notice_is_mailed_once_with_a_link_to_its_thing(home: Settings, mailbox: Mailbox) -> None:
    owner, bob = new_person(), new_person()
    submission_id = new_submission(owner, members=[bob])
    new_notice(bob, by=owner, submission_id=submission_id, text="Ann mentioned you: read volume 2")
    settings = online(home, mailbox)
    assert send(settings).sent == 1
    assert send(settings).sent == 0
    assert mailbox.to == [bob.email]
    assert mailbox.got[0]["Subject"] == "Procura: You were mentioned: Ann mentioned you: read volume 2"
    assert f"https://procura.firm.example/workspace?id={submission_id}" in mailbox.text()
    assert mailbox.got[0].get_content_type() == "text/plain"


def test_several_at_once_are_one_message_by_kind(home: Settings, mailbox: Mailbox) -> None:
    bob = new_person()
    for number in range(3):
        new_notice(bob, text=f"Notice {number}")
    new_notice(bob, kind=NotificationKind.REJECTED, text="Finance: the price is wrong")
    assert send(online(home, mailbox)).sent == 1
    text = mailbox.text()
    assert mailbox.got[0]["Subject"] == "Procura: 4 things in your Inbox"
    assert text.index("YOU WERE MENTIONED") < text.index("- Notice 0") < text.index("REJECTED")


def test_a_digest_waits_for_its_hour_and_leaves_out_what_was_read(home: Settings, mailbox: Mailbox) -> None:
    bob, settings = new_person(), online(home, mailbox)
    times = DigestTimes(7, (1, 2, 3, 4, 5), "America/New_York")
    save_settings(open_ledger(), ALL_IN_THE_DIGEST, times, uses_email=True, at=AT, by=bob)
    new_notice(bob, text="First")
    assert send(settings).sent == 0
    with open_ledger().read() as tx:
        row = tx.row("select id::text as id from notifications where text = 'First' and person_id = %s", [bob.id])
    assert row is not None
    mark_read(open_ledger(), [row["id"]], at=AT, by=bob)
    new_notice(bob, text="Second")
    new_notice(bob, text="Third")
    assert send(settings, AT + timedelta(days=2)).sent == 0  # Sunday
    done = send(settings, datetime.fromisoformat("2026-04-13T11:00:00+00:00"))  # Monday 07:00 EDT
    assert (done.sent, done.dropped) == (1, 1)
    assert "Second" in mailbox.text()
    assert "First" not in mailbox.text()


def test_nothing_new_sends_nothing(home: Settings, mailbox: Mailbox) -> None:
    assert send(online(home, mailbox)).as_json() == {"planned": 0, "sent": 0, "retried": 0, "dropped": 0, "failed": 0}
    assert mailbox.got == []


def test_who_wants_no_mail_gets_none_and_offline_nobody_does(home: Settings, mailbox: Mailbox) -> None:
    bob = new_person()
    save_settings(open_ledger(), {}, DigestTimes(), uses_email=False, at=AT, by=bob)
    new_notice(bob)
    assert send(online(home, mailbox)).sent == 0
    new_notice(new_person())
    assert send(online(home, mailbox, offline=True)).sent == 0
    assert send(online(home, mailbox)).sent == 0  # what was told meanwhile stays in the Inbox
    assert mailbox.got == []


def test_a_server_that_refuses_is_tried_again_with_growing_pauses_and_given_up(
    home: Settings, mailbox: Mailbox
) -> None:
    new_notice(new_person())
    mailbox.refuses = True
    settings, at, pauses = online(home, mailbox), AT, []
    while send(settings, at).retried:
        with open_ledger().read() as tx:
            row = tx.row("select next_try_at from notification_sendings where state = 'waiting'")
        assert row is not None
        assert send(settings, row["next_try_at"] - timedelta(seconds=1)).as_json()["retried"] == 0
        pauses.append(row["next_try_at"] - at)
        at = row["next_try_at"]
    assert pauses == [timedelta(minutes=2**n) for n in range(7)]
    ((state, reason),) = states()
    assert (state, reason) == ("failed", "the mail server 127.0.0.1 did not take the message.")
    mailbox.refuses = False
    assert send(settings, at + timedelta(days=1)).sent == 0


def test_a_sender_that_died_repeats_once_and_says_so(home: Settings, mailbox: Mailbox) -> None:
    new_notice(new_person())
    settings = online(home, mailbox)
    notification_sending.plan(open_ledger(), settings, at=AT)
    with open_ledger().housekeeping() as tx:
        assert notification_sendings.claim_sending(tx, at=AT)  # claimed, sent perhaps, and then killed
    assert send(settings, AT + timedelta(minutes=9)).sent == 0
    assert send(settings, AT + timedelta(minutes=10)).sent == 1
    assert "You may have had this message before" in mailbox.text()


@pytest.mark.thorough
def test_a_sender_killed_after_the_message_left_repeats_it_once_and_says_so(home: Settings, mailbox: Mailbox) -> None:
    new_notice(new_person())
    settings, mailbox.silent_seconds = online(home, mailbox), 30
    program = (
        "from datetime import datetime; from pipelines.administration.notification_sending import send_due;"
        "from warehouse.ledger.store import open_ledger; from warehouse.settings import current;"
        f"send_due(open_ledger(), current(), at=datetime.fromisoformat('{AT.isoformat()}'))"
    )
    environment = os.environ | {"PROCURA_SMTP_URL": mailbox.url, "PROCURA_OFFLINE": "0", "PYTHONPATH": str(ROOT)}
    sender = subprocess.Popen([sys.executable, "-c", program], env=environment, cwd=ROOT)
    end = time.monotonic() + 60
    while not mailbox.got and time.monotonic() < end:
        time.sleep(0.02)
    sender.kill()
    sender.wait()
    mailbox.silent_seconds = 0
    assert len(mailbox.got) == 1
    sent = [send(settings, AT + timedelta(minutes=minutes)).sent for minutes in (1, 9, 10, 11, 60)]
    assert sent == [0, 0, 1, 0, 0]
    assert "You may have had this message before" not in mailbox.text(0)
    assert "You may have had this message before" in mailbox.text(1)


def test_a_sender_that_died_twice_is_not_believed_a_third_time(home: Settings, mailbox: Mailbox) -> None:
    new_notice(new_person())
    settings = online(home, mailbox)
    notification_sending.plan(open_ledger(), settings, at=AT)
    for minutes in (0, 10):
        with open_ledger().housekeeping() as tx:
            assert notification_sendings.claim_sending(tx, at=AT + timedelta(minutes=minutes))
    assert send(settings, AT + timedelta(minutes=30)).failed == 1
    assert mailbox.got == []
    assert states()[0][0] == "failed"


def test_two_senders_side_by_side_send_each_message_once(home: Settings, mailbox: Mailbox) -> None:
    from concurrent.futures import ThreadPoolExecutor

    people = [new_person() for _ in range(12)]
    new_notice(*people)
    settings = online(home, mailbox)
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: send(settings), range(4)))
    assert sum(one.sent for one in done) == 12
    assert sorted(mailbox.to) == sorted(person.email for person in people)


def test_what_somebody_may_no_longer_see_is_not_mailed_to_them(home: Settings, mailbox: Mailbox) -> None:
    owner, guest, disabled = new_person(), new_person(department=Department.OPERATIONS), new_person()
    submission_id = new_submission(owner, members=[guest])
    new_notice(guest, by=owner, submission_id=submission_id)
    new_notice(disabled)
    with open_ledger().housekeeping() as tx:
        tx.execute("update profiles set is_disabled = true where id = %s", [disabled.id])
    with open_ledger().deed(AuditEvent("submission:unshared", submission_id, owner.id), owner) as deed:
        deed.execute("delete from submission_members where profile_id = %s", [guest.id])
    done = send(online(home, mailbox))
    assert (done.sent, done.dropped) == (0, 2)
    assert mailbox.got == []


@pytest.fixture
def hooks() -> Iterator[HookServer]:
    with running_hooks() as server:
        yield server


def with_slack(home: Settings, hooks: HookServer, monkeypatch: pytest.MonkeyPatch, bob: Person) -> SecretStr:
    """Save a hook of this server as Slack's, and keep mail out."""
    from warehouse import settings as settings_module

    monkeypatch.setenv("PROCURA_SLACK_HOOK_URL", f"{hooks.url}/services")
    settings_module.current.cache_clear()
    address = SecretStr(f"{hooks.url}/services/T0AAA/B0BBB/hushhushhushhushhushhush")
    save_settings(open_ledger(), ALL_AT_ONCE, DigestTimes(), uses_email=False, at=AT, by=bob)
    assert set_hook(open_ledger(), address, at=AT, by=bob) == "slack"
    return address


def test_a_slack_hook_gets_inert_text(
    home: Settings, mailbox: Mailbox, hooks: HookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = new_person()
    with_slack(home, hooks, monkeypatch, bob)
    new_notice(bob, text="<!channel> see [this](https://evil.example/x) @here `rm` www.evil.example *now*")
    settings = online(home, mailbox, slack_hook_url=f"{hooks.url}/services")
    assert send(settings).sent == 1
    ((path, posted),) = hooks.posted
    assert path == "/services/T0AAA/B0BBB/hushhushhushhushhushhush"
    text = str(posted)
    for live in ("<!", "evil.example", "[this]", "`", "@here"):
        assert live not in text
    assert "(address left out)" in text
    assert mailbox.got == []


def test_a_teams_hook_gets_a_card_over_https(
    home: Settings, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    bob = new_person()
    with running_hooks(cert=pair.cert, key=pair.key) as server:
        settings = online(home, mailbox, teams_hook_hosts="127.0.0.1")
        address = SecretStr(
            f"{server.url}/workflows/abc123/triggers/manual/paths/invoke?api-version=2016-06-01&sig=hushhush"
        )
        assert hook_kind(address, settings) == "teams"
        from warehouse.ledger.notification_settings import write_hook

        save_settings(open_ledger(), ALL_AT_ONCE, DigestTimes(), uses_email=False, at=AT, by=bob)
        with open_ledger().deed(AuditEvent("notification:hook_set", bob.id, bob.id), bob) as deed:
            write_hook(deed, bob.id, "teams", address, at=AT)
        new_notice(bob, text="Deadline in 3 days")
        assert send(settings).sent == 1
    ((path, posted),) = server.posted
    assert path.startswith("/workflows/abc123/triggers/manual/paths/invoke?")
    assert "Deadline in 3 days" in str(posted)


def test_a_hook_that_sends_elsewhere_is_not_followed(
    home: Settings, mailbox: Mailbox, hooks: HookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = new_person()
    with_slack(home, hooks, monkeypatch, bob)
    new_notice(bob)
    with running_hooks() as elsewhere:
        hooks.status, hooks.headers = 302, {"Location": f"{elsewhere.url}/inside"}
        assert send(online(home, mailbox, slack_hook_url=f"{hooks.url}/services")).retried == 1
        assert elsewhere.posted == []
    settle_everything(AT)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8501/services/T0/B0/x", "https://hooks.slack.com.evil.example/services/T0/B0/x",
        "https://hooks.slack.com/services/T0/B0/x/../../y", "https://evil.example/workflows/a/triggers/manual/paths/invoke?sig=x",
        "https://a.logic.azure.com@evil.example/workflows/a/triggers/manual/paths/invoke?sig=x",
        "http://a.logic.azure.com/workflows/a/triggers/manual/paths/invoke?sig=x", "file:///etc/passwd", "", "json://localhost",
        "https://hooks.slack.com/services/T0/B0/" + "x" * 3000,
    ],
)  # fmt: skip
def test_messages_go_to_no_address_but_slacks_and_teams(home: Settings, address: str) -> None:
    with pytest.raises(BadInput) as caught:
        hook_kind(SecretStr(address), home)
    assert not address or address not in str(caught.value)


def test_a_hook_is_sealed_and_read_by_nobody(
    home: Settings, hooks: HookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    bob = new_person()
    with_slack(home, hooks, monkeypatch, bob)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), open_ledger().read(bob) as tx:
        tx.row("select sealed_hook from notification_settings")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), open_ledger().read(bob) as tx:
        tx.row("select * from sealed_hook_of(%s)", [bob.id])
    with open_ledger().read() as tx:
        row = tx.row("select sealed from sealed_hook_of(%s)", [bob.id])
        assert row is not None
        assert b"hushhush" not in bytes(row["sealed"])
    assert now()  # the module's settings are cached again by the next test


def test_a_broken_off_line_of_a_mail_server_is_told_without_its_words(
    home: Settings, mailbox: Mailbox, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    new_notice(new_person())
    mailbox.refuses = True
    settings = online(home, mailbox)
    assert send(settings).retried == 1
    out = capfd.readouterr()
    assert "hushhush" not in out.out + out.err + caplog.text + str(states())
    settle_everything(AT)
