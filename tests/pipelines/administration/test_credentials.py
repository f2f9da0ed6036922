import uuid
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from pipelines.administration.credentials import (
    Credential,
    list_credentials,
    refresh_statuses,
    remove_credential,
    set_credential,
)
from tests.factories_people import new_person
from warehouse import settings as settings_module
from warehouse.addresses import conninfo, superuser_conninfo
from warehouse.domain.access import Role
from warehouse.domain.credential import CredentialNeed, CredentialStatus
from warehouse.errors import BadInput, NotFound, NotPermitted, ProcuraError, VaultRefused
from warehouse.ledger import credentials as rows
from warehouse.ledger.credentials import note_failure, note_outcome, read_credential
from warehouse.ledger.store import Ledger, close_ledgers, open_ledger
from warehouse.settings import Settings

AT = datetime(2026, 4, 10, 12, tzinfo=UTC)
CANARY = "canary-api-key-4711"


@pytest.fixture
def ledger(home: Settings) -> Ledger:
    return open_ledger()


@pytest.fixture
def sam() -> CredentialNeed:
    """A key that lives 90 days, of a source that can do without; a source of its own in each test."""
    return CredentialNeed(f"sam_{uuid.uuid4().hex[:8]}", "api_key", "SAM.gov API key", "", timedelta(days=90), False)


@pytest.fixture
def govcon() -> CredentialNeed:
    """A key that does not end by itself, of a source that needs it."""
    return CredentialNeed(f"govcon_{uuid.uuid4().hex[:8]}", "api_key", "GovCon API key", "")


def as_superuser(home: Settings) -> psycopg.Connection:
    return psycopg.connect(make_conninfo("", **superuser_conninfo(home)), autocommit=True)


def pipeline() -> Ledger:
    return open_ledger("procura_pipeline")


def listed(ledger: Ledger, need: CredentialNeed, at: datetime = AT) -> Credential:
    return list_credentials(ledger, [need], at=at)[0]


def value(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def read(need: CredentialNeed, at: datetime = AT) -> str | None:
    return value(read_credential(pipeline(), need.connector, need.field, at=at))


def told(need: CredentialNeed, at: datetime) -> list[str]:
    return [words for words in refresh_statuses(pipeline(), at=at) if words.startswith(need.connector)]


def row(home: Settings, name: str) -> tuple[bytes, int, str, str | None]:
    with as_superuser(home) as connection:
        found = connection.execute(
            "select encrypted_credentials, credentials_version, status::text, status_reason from connectors where name = %s",
            [name],
        ).fetchone()
    assert found is not None
    return found


def put_row(home: Settings, name: str, sealed: bytes | None, version: int) -> None:
    """Write behind the product's back, as whoever owns the database can."""
    with as_superuser(home) as connection:
        connection.execute(
            "update connectors set encrypted_credentials = %s, credentials_version = %s where name = %s",
            [sealed, version, name],
        )


def test_a_run_reads_what_was_set_and_nobody_else_finds_it(home: Settings, ledger: Ledger, sam: CredentialNeed) -> None:
    assert read(sam) is None
    set_credential(ledger, sam, SecretStr(f"  {CANARY}\n"), at=AT)
    assert read(sam) == CANARY
    assert listed(ledger, sam).last_used_at == AT
    with as_superuser(home) as connection:
        for (table,) in connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall():
            for (text,) in connection.execute(f"select t::text from {table} t").fetchall():
                assert CANARY not in text
                assert CANARY.encode().hex() not in text


def test_the_list_says_everything_but_the_secret(ledger: Ledger, sam: CredentialNeed, govcon: CredentialNeed) -> None:
    assert [one.is_set for one in list_credentials(ledger, [sam, govcon], at=AT)] == [False, False]
    set_credential(ledger, sam, SecretStr(CANARY), at=AT)
    found = listed(ledger, sam)
    assert found.origin == "store"
    assert found.expires_at == AT + timedelta(days=90)
    assert found.judgement is not None
    assert found.judgement.status is CredentialStatus.ACTIVE
    assert CANARY not in repr(list_credentials(ledger, [sam, govcon], at=AT))
    assert CANARY not in repr(read_credential(pipeline(), sam.connector, "api_key", at=AT))


def test_setting_and_removing_are_audited_by_whom_and_never_with_the_secret(
    home: Settings, ledger: Ledger, sam: CredentialNeed
) -> None:
    admin = new_person(Role.ADMIN)
    set_credential(ledger, sam, SecretStr(CANARY), at=AT, by=admin)
    remove_credential(ledger, sam, at=AT, by=admin)
    with as_superuser(home) as connection:
        found = connection.execute(
            "select action, actor, body from audit_logs where subject = %s order by seq",
            [f"connector:{sam.connector}"],
        ).fetchall()
    assert [(action, actor) for action, actor, _ in found] == [
        ("credential:set", admin.id), ("credential:removed", admin.id),
    ]  # fmt: skip
    assert all(CANARY.encode() not in body for _, _, body in found)
    assert read(sam) is None
    assert row(home, sam.connector)[:2] == (None, 2)


@pytest.mark.parametrize("role", [Role.CONTRACT_OFFICER, Role.VIEWER])
def test_only_an_admin_sees_or_changes_credentials(
    home: Settings, ledger: Ledger, role: Role, sam: CredentialNeed, govcon: CredentialNeed
) -> None:
    somebody = new_person(role)
    deeds = (
        lambda: list_credentials(ledger, [sam, govcon], at=AT, by=somebody),
        lambda: set_credential(ledger, sam, SecretStr(CANARY), at=AT, by=somebody),
        lambda: remove_credential(ledger, sam, at=AT, by=somebody),
    )
    for deed in deeds:
        with pytest.raises(NotPermitted):
            deed()


@pytest.mark.parametrize("role", [Role.CONTRACT_OFFICER, Role.VIEWER])
@pytest.mark.parametrize(
    "statement",
    [
        "select encrypted_credentials from connectors",
        "select * from sealed_credentials('sam_gov')",
        "select * from vault_sealed(null, 10)",
        "select vault_reseal('connectors', 'encrypted_credentials', 'a', 'b')",
        "insert into connectors (name, auth_type) values ('mine', 'api_key')",
    ],
)
def test_sql_in_the_name_of_others_is_refused_as_well(home: Settings, role: Role, statement: str) -> None:
    somebody = new_person(role)
    with psycopg.connect(make_conninfo("", **conninfo("procura_app", settings=home))) as connection:
        connection.execute("select act_as(%s, null)", [somebody.id])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_sql_in_the_name_of_others_changes_nothing(home: Settings, ledger: Ledger, sam: CredentialNeed) -> None:
    set_credential(ledger, sam, SecretStr(CANARY), at=AT)
    somebody, before = new_person(Role.VIEWER), row(home, sam.connector)
    with psycopg.connect(make_conninfo("", **conninfo("procura_app", settings=home))) as connection:
        connection.execute("select act_as(%s, null)", [somebody.id])
        connection.execute("update connectors set encrypted_credentials = null, status = 'revoked'")
        assert connection.execute("delete from connector_credentials").rowcount == 0
        assert connection.execute("select * from connector_credentials").fetchall() == []
    assert row(home, sam.connector) == before


def test_a_ciphertext_moved_to_another_connector_is_refused_by_name(
    home: Settings, ledger: Ledger, sam: CredentialNeed, govcon: CredentialNeed
) -> None:
    set_credential(ledger, sam, SecretStr(CANARY), at=AT)
    set_credential(ledger, govcon, SecretStr("another key"), at=AT)
    put_row(home, govcon.connector, row(home, sam.connector)[0], 1)
    with pytest.raises(VaultRefused, match=f"{govcon.connector}:1 is one of connector:{sam.connector}:1") as caught:
        read(govcon)
    assert CANARY not in str(caught.value)
    found = listed(ledger, govcon).judgement
    assert found is not None
    assert found.status is CredentialStatus.REVOKED
    assert found.reason.startswith("cannot be read")


def test_a_row_rolled_back_whole_is_refused_because_the_audit_log_knows_better(
    home: Settings, ledger: Ledger, sam: CredentialNeed
) -> None:
    set_credential(ledger, sam, SecretStr("the old key"), at=AT)
    old = row(home, sam.connector)
    set_credential(ledger, sam, SecretStr(CANARY), at=AT)
    put_row(home, sam.connector, old[0], old[1])
    with pytest.raises(VaultRefused, match="version 1, and the audit log knows version 2"):
        read(sam)
    put_row(home, sam.connector, old[0], 2)
    with pytest.raises(VaultRefused, match=f"{sam.connector}:2 is one of connector:{sam.connector}:1"):
        read(sam)


def test_a_removed_credential_cannot_be_put_back(home: Settings, ledger: Ledger, sam: CredentialNeed) -> None:
    set_credential(ledger, sam, SecretStr(CANARY), at=AT)
    old = row(home, sam.connector)
    remove_credential(ledger, sam, at=AT)
    put_row(home, sam.connector, old[0], old[1])
    with pytest.raises(VaultRefused, match="rolled back"):
        read(sam)


def test_a_credential_taken_away_behind_the_products_back_is_missed(
    home: Settings, ledger: Ledger, sam: CredentialNeed
) -> None:
    set_credential(ledger, sam, SecretStr(CANARY), at=AT)
    put_row(home, sam.connector, None, 1)
    with pytest.raises(VaultRefused, match="gone"):
        read(sam)


def test_what_cannot_be_opened_is_replaced_by_setting_it_again(
    home: Settings, ledger: Ledger, sam: CredentialNeed
) -> None:
    set_credential(ledger, sam, SecretStr("the old key"), at=AT)
    old = row(home, sam.connector)
    set_credential(ledger, sam, SecretStr("the next key"), at=AT)
    put_row(home, sam.connector, old[0], old[1])
    set_credential(ledger, sam, SecretStr(CANARY), at=AT)
    assert read(sam) == CANARY
    assert row(home, sam.connector)[1] == 3


def test_one_connector_keeps_several_secrets_apart(home: Settings, ledger: Ledger) -> None:
    user = CredentialNeed("portal", "user_name", "Portal user name", "")
    password = CredentialNeed("portal", "password", "Portal password", "")
    set_credential(ledger, user, SecretStr("jo"), at=AT)
    set_credential(ledger, password, SecretStr(CANARY), at=AT)
    remove_credential(ledger, user, at=AT)
    assert value(read_credential(pipeline(), "portal", "password", at=AT)) == CANARY
    assert read_credential(pipeline(), "portal", "user_name", at=AT) is None


@pytest.mark.parametrize("bad", ["", "  \n", "two\nlines", "a\x00b", "x" * 5_000])
def test_what_is_no_secret_is_refused_without_being_repeated(ledger: Ledger, bad: str, sam: CredentialNeed) -> None:
    with pytest.raises(BadInput) as caught:
        set_credential(ledger, sam, SecretStr(bad), at=AT)
    assert not bad.strip() or bad.strip() not in str(caught.value)
    assert not listed(ledger, sam).is_set


def test_a_certificate_keeps_its_lines_and_a_frame_without_end_is_none(ledger: Ledger, sam: CredentialNeed) -> None:
    pem = "-----BEGIN PRIVATE KEY-----\n" + "QUJD\n" * 2_000 + "-----END PRIVATE KEY-----"
    set_credential(ledger, sam, SecretStr(f"{pem}\n"), at=AT)
    assert read(sam) == pem
    for bad in (f"{pem}\nmore", pem.removesuffix("-----END PRIVATE KEY-----"), f"{pem[:-1]}\x00-----", pem * 4):
        with pytest.raises(BadInput):
            set_credential(ledger, sam, SecretStr(bad), at=AT)


def test_an_expiry_in_the_past_and_a_removal_of_nothing_are_refused(ledger: Ledger, sam: CredentialNeed) -> None:
    with pytest.raises(BadInput):
        set_credential(ledger, sam, SecretStr(CANARY), expires_at=AT, at=AT)
    with pytest.raises(NotFound):
        remove_credential(ledger, sam, at=AT)
    with ledger.read() as tx:
        assert rows.audited_version(tx, sam.connector) == 0


def test_three_refusals_in_a_row_revoke_and_stop_its_use_until_it_works_again(
    home: Settings, ledger: Ledger, govcon: CredentialNeed
) -> None:
    set_credential(ledger, govcon, SecretStr(CANARY), at=AT)
    for expected in ("warning", "warning", "revoked"):
        assert read(govcon) == CANARY
        note_failure(pipeline(), govcon.connector, "api_key", "HTTP 403", at=AT)
        assert row(home, govcon.connector)[2] == expected
    assert row(home, govcon.connector)[3] == "the api key was refused 3 times in a row: HTTP 403"
    assert read(govcon) is None
    note_outcome(ledger, govcon.connector, "api_key", None, at=AT)
    assert row(home, govcon.connector)[2:] == ("active", None)
    assert read(govcon) == CANARY
    note_failure(pipeline(), govcon.connector, "api_key", "HTTP 401", at=AT)
    set_credential(ledger, govcon, SecretStr("a new key"), at=AT)
    assert row(home, govcon.connector)[2] == "active"


def test_time_alone_changes_the_status(home: Settings, ledger: Ledger, govcon: CredentialNeed) -> None:
    set_credential(ledger, govcon, SecretStr(CANARY), expires_at=AT + timedelta(days=90), at=AT)
    assert not told(govcon, AT)
    soon, past = AT + timedelta(days=80), AT + timedelta(days=91)
    assert told(govcon, soon) == [f"{govcon.connector} api_key expires on 9 Jul 2026"]
    assert row(home, govcon.connector)[2:] == ("warning", "the api key expires on 9 Jul 2026")
    refresh_statuses(pipeline(), at=past)
    assert row(home, govcon.connector)[2] == "revoked"


def test_a_source_that_can_do_without_its_key_only_warns(home: Settings, ledger: Ledger, sam: CredentialNeed) -> None:
    set_credential(ledger, sam, SecretStr(CANARY), at=AT)
    refresh_statuses(pipeline(), at=AT + timedelta(days=100))
    assert row(home, sam.connector)[2] == "warning"


def test_the_environment_wins_over_the_store_and_the_list_says_so(
    home: Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = CredentialNeed("sam_gov", "api_key", "SAM.gov API key", "")  # the environment knows it by its name
    set_credential(ledger, sam, SecretStr("the stored key"), at=AT)
    monkeypatch.setenv("PROCURA_sam_GOV_API_KEY", CANARY)
    settings_module.current.cache_clear()
    try:
        assert read(sam) == CANARY
        assert listed(ledger, sam).origin == "environment"
        assert CANARY not in repr(settings_module.current())
    finally:
        monkeypatch.undo()
        settings_module.current.cache_clear()
    assert read(sam) == "the stored key"


def test_a_lost_key_revokes_by_name_and_keeps_the_other_pages_alive(
    home: Settings, ledger: Ledger, sam: CredentialNeed, govcon: CredentialNeed
) -> None:
    set_credential(ledger, govcon, SecretStr(CANARY), at=AT)
    file = home.secrets / "vault_keys.json"
    kept = file.read_bytes()
    file.unlink()
    try:
        with pytest.raises(VaultRefused, match="which is not here"):
            read(govcon)
        assert told(govcon, AT)[0].startswith(f"{govcon.connector} api_key cannot be read")
        with pytest.raises(ProcuraError, match="not the one that this database knows"):
            set_credential(ledger, sam, SecretStr(CANARY), at=AT)
    finally:
        file.write_bytes(kept)
    assert read(govcon) == CANARY


def test_nothing_unsealed_can_be_stored(home: Settings, ledger: Ledger, sam: CredentialNeed) -> None:
    set_credential(ledger, sam, SecretStr(CANARY), at=AT)
    with as_superuser(home) as connection, pytest.raises(psycopg.DatabaseError, match="is not sealed"):
        connection.execute("update connectors set encrypted_credentials = %s", [CANARY.encode()])


def test_two_who_set_different_fields_at_once_lose_neither(home: Settings, ledger: Ledger) -> None:
    import threading

    needs = [CredentialNeed("portal", f"field_{n}", f"Field {n}", "") for n in range(6)]
    threads = [
        threading.Thread(target=set_credential, args=(ledger, need, SecretStr(need.field)), kwargs={"at": AT})
        for need in needs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [value(read_credential(pipeline(), "portal", need.field, at=AT)) for need in needs] == [
        n.field for n in needs
    ]
    close_ledgers()
