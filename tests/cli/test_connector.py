"""`procura connector` and `procura keys`: secrets go in by file, pipe or prompt, and never come out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.fakes.keyed_source import KeyedSource, running_source
from warehouse import settings as settings_module
from warehouse.settings import ROOT, Settings

pytestmark = pytest.mark.thorough

CANARY = "canary-api-key-4711"


def run(*words: str, given: str | None = None) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        cwd=ROOT,
        input=given or "",
        capture_output=True,
        text=True,
        check=False,
    )
    assert CANARY not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


def listed(name: str) -> dict[str, object]:
    code, told, _ = run("connector", "list", "--json")
    assert code == 0
    return next(one for one in json.loads(told) if one["connector"] == name)


@pytest.mark.thorough
def test_a_key_goes_in_by_pipe_or_file_and_is_listed_without_itself(home: Settings, tmp_path: Path) -> None:
    assert listed("sam_gov")["is_set"] is False
    assert run("connector", "set-key", "sam_gov", given=f"{CANARY}\n")[0] == 0
    found = listed("sam_gov")
    assert (found["is_set"], found["origin"], found["status"]) == (True, "store", "active")
    (tmp_path / "key").write_text(CANARY)
    code, told, _ = run("connector", "set-key", "govcon", "--file", str(tmp_path / "key"), "--expires", "2099-01-01")
    assert (code, told) == (0, "GovCon API key is set, until 1 Jan 2099. `procura connector test govcon` tries it.\n")
    assert run("connector", "remove-key", "govcon")[0] == 0
    assert listed("govcon")["is_set"] is False


@pytest.mark.thorough
def test_keys_rotate_and_retire_from_the_command_line(home: Settings) -> None:
    run("connector", "set-key", "sam_gov", given=CANARY)
    code, told, _ = run("keys", "rotate", "--which", "all", "--json")
    assert code == 0
    done = json.loads(told)
    assert set(done) == {"vault", "audit", "api"}
    assert (done["vault"]["on_other_keys"], done["vault"]["unreadable"]) == (0, [])
    keys = json.loads(run("keys", "list", "--json")[1])
    assert keys["faults"] == []
    assert (keys["keys"][0]["key"], keys["keys"][0]["state"]) == (done["vault"]["key"], "seals")
    assert len(json.loads(run("keys", "retire", "--json")[1])["retired"]) == 1
    assert json.loads(run("keys", "retire", "--json")[1]) == {"retired": []}
    assert listed("sam_gov")["status"] == "active"


@pytest.mark.thorough
def test_a_lost_key_fails_doctor_by_name(home: Settings) -> None:
    run("connector", "set-key", "sam_gov", given=CANARY)
    file = home.secrets / "vault_keys.json"
    kept = file.read_bytes()
    file.unlink()
    try:
        code, told, _ = run("doctor", "--json")
        fault = next(one for one in json.loads(told)["findings"] if one["subject"] == "vault")
        assert code == 1
        assert "connectors.encrypted_credentials cannot be read" in fault["what"]
        assert "restore secrets/vault_keys.json" in fault["todo"]
        assert listed("sam_gov")["status"] == "revoked"
    finally:
        file.write_bytes(kept)


def test_a_test_says_in_words_and_by_its_exit_code_whether_the_key_works(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_source(KeyedSource()) as source:
        monkeypatch.setenv("PROCURA_SAM_GOV_API_URL", source.url)
        monkeypatch.setenv("PROCURA_SAM_GOV_API_KEY", CANARY)
        monkeypatch.setenv("PROCURA_OFFLINE", "0")
        settings_module.current.cache_clear()
        runner = CliRunner()
        assert runner.invoke(app, ["connector", "test", "sam_gov"]).stdout == "It works.\n"
        source.status = 403
        refused = runner.invoke(app, ["connector", "test", "sam_gov", "--json"])
        assert refused.exit_code == 1
        assert json.loads(refused.stdout)["outcome"] == "refused"
        assert CANARY not in refused.stdout
    monkeypatch.undo()
    settings_module.current.cache_clear()


@pytest.mark.parametrize(
    "words",
    [
        ["set-key", "sam_gov", CANARY],
        ["set-key", "sam_gov", "--key", CANARY],
        ["set-key", "sam_gov", "--secret", CANARY],
    ],
)
def test_a_secret_is_never_an_argument(words: list[str]) -> None:
    assert CliRunner().invoke(app, ["connector", *words]).exit_code == 2


def test_an_unknown_source_and_an_unreadable_file_are_told(home: Settings, tmp_path: Path) -> None:
    code, _, told = run("connector", "set-key", "nowhere", given=CANARY)
    assert code == 1
    assert told.startswith("NotFound: no source nowhere takes a credential api_key.")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe" + CANARY.encode())
    code, _, told = run("connector", "set-key", "sam_gov", "--file", str(tmp_path / "bytes"))
    assert code == 1
    assert "it is no text" in told
