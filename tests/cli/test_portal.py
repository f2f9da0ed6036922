"""`procura portal`: a profile is checked with its lines, rehearsed up to the last button, and its credentials sealed."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.fakes.pages import served
from tests.pipelines.submission.portals.test_profiles import FORM, PAGE, SMALL
from warehouse.settings import ROOT, Settings

EXAMPLE = re.search(r"```toml\n(.*?)```", (ROOT / "docs/portal-profiles.md").read_text(), re.S)[1]  # type: ignore[index]


def run(*words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "portal", *words], cwd=ROOT, input=given, capture_output=True, text=True, check=False
    )  # fmt: skip


def written(folder: Path, text: str) -> Path:
    file = folder / "portal.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_sound_profile_is_said_to_be(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["portal", "check", str(written(tmp_path, EXAMPLE))])
    assert done.exit_code == 0, done.output
    assert done.output == "portal.toml: sound; Water Research Grants, browser, apply.water-grants.example\n"


def test_every_fault_is_told_with_file_line_and_key(tmp_path: Path) -> None:
    text = EXAMPLE.replace('label = "Password"', 'lable = "Password"').replace("attempts = 2", 'attempts = "two"')
    done = CliRunner().invoke(app, ["portal", "check", str(written(tmp_path, text))])
    assert done.exit_code == 1
    where = text[: text.index("attempts")].count("\n") + 1
    assert f"portal.toml:{where}: timing.attempts: is a number from 1 to 10\n" in done.output


def test_check_as_json_names_the_same(tmp_path: Path) -> None:
    text = EXAMPLE.replace('label = "Password"', 'lable = "Password"')
    done = CliRunner().invoke(app, ["portal", "check", str(written(tmp_path, text)), "--json"])
    told = json.loads(done.output)
    assert (done.exit_code, told["is_sound"]) == (1, False)
    line = text[: text.index("lable")].count("\n") + 1
    assert {"line": line, "key": "browser.sign_in.steps[3].lable"}.items() <= told["faults"][1].items()


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_file_that_is_no_text_or_not_there_is_an_error_with_its_name(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "gone.toml"
    if content is not None:
        file.write_bytes(content)
    done = CliRunner().invoke(app, ["portal", "check", str(file)])
    assert "gone.toml cannot be read" in str(done.exception)


@pytest.mark.browser
@pytest.mark.thorough
def test_rehearsal_from_the_command_line(home: Settings, tmp_path: Path) -> None:
    with served({"/": PAGE, "/form": FORM}) as portal:
        file = written(tmp_path, SMALL.replace("@HOST@", portal.host))
        sealed = run("set-credential", "small", "password", given="blue glass lamps\n")
        assert sealed.returncode == 0, sealed.stderr
        assert "blue" not in sealed.stdout + sealed.stderr
        volume = tmp_path / "Volume I.pdf"
        volume.write_bytes(b"%PDF-1.4 one")
        words = [
            "rehearse",
            str(file),
            "--files",
            str(volume),
            "--field",
            "Phone: 555 0100",
            "--out",
            str(tmp_path / "out"),
            "--json",
        ]
        done = run(*words)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert told["reached_end"]
        assert "Uploaded Volume I.pdf (12 bytes)." in [step["words"] for step in told["steps"]]
        assert "Step 4: click 'Send'." in done.stderr
        kept = sorted(path.name for path in (tmp_path / "out").iterdir())
        assert len(kept) == len(told["kept"])
        assert not any(b"blue glass" in path.read_bytes() for path in (tmp_path / "out").iterdir())
        assert portal.posted() == []
        portal.pages["/form"] = FORM.replace("Send<", "Hand in<")
        file.write_text(file.read_text().replace("step_seconds = 60", "step_seconds = 5"))
        changed = run(*words)
        assert changed.returncode == 1
        assert "the page has 'Title', 'Hand in'" in json.loads(changed.stdout)["words"]


@pytest.mark.thorough
def test_faulty_profile_is_not_rehearsed(home: Settings, tmp_path: Path) -> None:
    done = run("rehearse", str(written(tmp_path, EXAMPLE.replace("is_last_act = true ", "is_last_act = false "))))
    assert done.returncode == 1
    assert "is not sound" in done.stderr
    assert "procura portal check" in done.stderr
