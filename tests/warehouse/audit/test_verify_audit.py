"""The outsider's verifier as an outsider runs it: on good exports, on every kind of rubbish, and never with a traceback."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.factories_audit import Log, make_log, put_into_export
from warehouse.audit import verify_audit
from warehouse.audit.keys import AuditKeys, keys_of
from warehouse.audit.signer import Signer, signer
from warehouse.settings import Settings

SCRIPT = Path(verify_audit.__file__)
KEYS = AuditKeys("k1", {"k1": b"1" * 32})


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return signer(Settings(home=tmp_path_factory.mktemp("signer")))


@pytest.fixture(scope="module")
def log(key: Signer) -> Log:
    return make_log(KEYS, key, [3, 7, 12], Random(1))


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(folder), *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def quick(folder: Path, key: Signer | None = None) -> verify_audit.Fault | None:
    """Do in this process what `run` does in another."""
    try:
        verify_audit.Log(folder, (key.origin, key.verifier.key) if key else None, [], None).verify()
    except verify_audit.Fault as fault:
        return fault
    return None


def test_it_is_one_short_file_of_the_standard_library() -> None:
    text = SCRIPT.read_text()
    assert len(text.splitlines()) <= 300
    roots = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else
                     [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
    }  # fmt: skip
    assert roots <= sys.stdlib_module_names


def test_the_words_of_the_verdict(tmp_path: Path, log: Log, key: Signer) -> None:
    put_into_export(tmp_path / "e", log)
    (tmp_path / "key").write_text(f"{key.verifier}\n")
    hmac_keys = tmp_path / "keys.json"
    hmac_keys.write_text(json.dumps({"current": "k1", "keys": {"k1": (b"1" * 32).hex()}}))
    assert keys_of(hmac_keys.read_text()).by_id == KEYS.by_id
    assert run(tmp_path / "e") == (0, "consistent, signer not checked: 12 records, 3 checkpoints\n", "")
    public = ("--public-key", str(tmp_path / "key"))
    assert run(tmp_path / "e", *public) == (0, "consistent: 12 records, 3 checkpoints\n", "")
    code, out, err = run(tmp_path / "e", *public, "--keys", str(hmac_keys), "--json")
    told = json.loads(out)
    assert (code, err, told["holds"], told["signer_checked"], told["signatures_checked"]) == (0, "", True, True, True)
    hmac_keys.write_text(json.dumps({"current": "k1", "keys": {"k1": (b"2" * 32).hex()}}))
    assert run(tmp_path / "e", "--keys", str(hmac_keys)) == (
        1,
        "FAULT record 1: its signature does not fit its bytes\n",
        "",
    )


def test_a_log_smaller_than_a_checkpoint_it_is_shown_is_refused(tmp_path: Path, log: Log, key: Signer) -> None:
    shown = tmp_path / "shown.note"
    shown.write_text(log.checkpoints[-1].note)
    put_into_export(tmp_path / "e", Log(log.records[:7], log.checkpoints[:2]))
    assert run(tmp_path / "e")[0] == 0, "by itself it is whole"
    code, out, _ = run(tmp_path / "e", "--checkpoint", str(shown))
    assert (code, out.startswith("FAULT record 8: it is missing")) == (1, True)
    other = make_log(KEYS, key, [3, 7, 12], Random(2))
    put_into_export(tmp_path / "e", other)
    code, out, _ = run(tmp_path / "e", "--checkpoint", str(shown))
    assert (code, "was signed for" in out) == (1, True)


def test_another_signer_is_refused_and_only_seen_with_the_public_key(tmp_path: Path, log: Log, key: Signer) -> None:
    forger = signer(Settings(home=tmp_path / "forger"))
    forged = make_log(KEYS, Signer(key.origin, forger.key), [3, 7], Random(1))
    put_into_export(tmp_path / "e", forged)
    assert quick(tmp_path / "e") is None
    fault = quick(tmp_path / "e", key)
    assert fault is not None
    assert (fault.position, "another key" in str(fault)) == (1, True)


LINES: dict[str, Callable[[bytes], bytes]] = {
    "carriage returns": lambda text: text.replace(b"\n", b"\r\n"),
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "no last line end": lambda text: text[:-1],
    "an empty line more": lambda text: text + b"\n",
    "rubbish behind": lambda text: text + b"{}\n",
    "blanks": lambda text: text.replace(b'":', b'": ', 1),
    "another order": lambda text: text.replace(b'{"action"', b'{"zaction":1,"action"', 1),
    "a name twice": lambda text: text.replace(b'"seq":5,', b'"seq":5,"seq":5,', 1),
    "a float": lambda text: text.replace(b'"seq":5,', b'"seq":5.0,', 1),
    "an exponent": lambda text: text.replace(b'"seq":5,', b'"seq":5e0,', 1),
    "not a number": lambda text: text.replace(b'"seq":5,', b'"seq":NaN,', 1),
    "true for one": lambda text: text.replace(b'"seq":1,', b'"seq":true,', 1),
    "a huge number": lambda text: text.replace(b'"seq":5,', b'"seq":' + b"9" * 6_000 + b",", 1),
    "deep nesting": lambda text: b"[" * 200_000 + text,
    "escaped otherwise": lambda text: text.replace(b'"system"', b'"syste\\u006d"', 1).replace(
        b'"ann"', b'"an\\u006e"', 1
    ),
    "raw unicode": lambda text: text.replace(b"\\u", b"\xc3\xa9u", 1),
    "half a surrogate": lambda text: text.replace(b'"subject":"o', b'"subject":"\\ud800', 1),
    "binary": lambda text: bytes(range(256)) * 40,
    "nothing": lambda text: b"",
    "upper case hexadecimal": lambda text: text.upper(),
    "a null": lambda text: text.replace(b'"key_id":"k1"', b'"key_id":null', 1),
    "a number for a text": lambda text: text.replace(b'"key_id":"k1"', b'"key_id":1', 1),
    "a list for an object": lambda text: b"[1]\n" + text,
}


@pytest.mark.parametrize("name", LINES)
def test_rubbish_is_a_fault_and_no_traceback(tmp_path: Path, log: Log, name: str) -> None:
    put_into_export(tmp_path, log)
    path = tmp_path / "records.jsonl"
    changed = LINES[name](path.read_bytes())
    assert changed != path.read_bytes()
    path.write_bytes(changed)
    code, out, err = run(tmp_path)
    assert (code, out.startswith("FAULT"), err) == (1, True, "")


@pytest.mark.thorough
def test_no_random_damage_makes_it_stumble_or_pass(tmp_path: Path, log: Log, key: Signer) -> None:
    for seed in range(1_500):
        rng = Random(seed)
        put_into_export(tmp_path, log)
        path = tmp_path / rng.choice(["records.jsonl", "checkpoints.jsonl"])
        data = path.read_bytes()
        begin = rng.randrange(len(data))
        end = min(len(data), begin + rng.choice([0, 1, 1, 2, 5, 50, 5_000]))
        damaged = data[:begin] + rng.randbytes(rng.choice([0, 1, 1, 3, 40])) + data[end:]
        if damaged == data:
            continue
        path.write_bytes(damaged)
        assert quick(tmp_path, key) is not None, seed


@pytest.mark.parametrize(
    "arguments",
    [("--public-key", "/nowhere"), ("--keys", "/nowhere"), ("--checkpoint", "/nowhere"), ("--public-key", "/dev/null"),
     ("--keys", "/dev/null"), ("--checkpoint", "/dev/null")],
)  # fmt: skip
def test_arguments_that_cannot_be_read_are_told(tmp_path: Path, log: Log, arguments: tuple[str, str]) -> None:
    put_into_export(tmp_path, log)
    code, out, err = run(tmp_path, *arguments)
    assert (code, out.startswith("FAULT"), err) == (1, True, "")


@pytest.mark.parametrize("name", ["records.jsonl", "checkpoints.jsonl"])
def test_a_missing_file_a_folder_in_its_place_and_no_folder_at_all_are_told(
    tmp_path: Path, log: Log, name: str
) -> None:
    put_into_export(tmp_path, log)
    (tmp_path / name).unlink()
    assert run(tmp_path)[0] == 1
    (tmp_path / name).mkdir()
    code, out, err = run(tmp_path)
    assert (code, out.startswith(f"FAULT {name} cannot be read"), err) == (1, True, "")
    code, out, err = run(tmp_path / os.fsdecode(b"no\xffwhere"))
    assert (code, out.startswith("FAULT"), err) == (1, True, "")
