"""Pages read in the name of who looks: row security then says the same as the table of rights."""

import ast
from pathlib import Path

from app.page import FOLDER

AS_THE_PRODUCT = {"sign_in.py": "health asks before anybody is anybody"}


def reads_in_nobodys_name(source: str) -> int:
    """Count the `.read()` without a person."""
    return sum(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "read"
        and not node.args
        and not node.keywords
        for node in ast.walk(ast.parse(source))
    )


def deeds(source: str) -> int:
    """Count deeds that a page would do itself, past the use cases."""
    return sum(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("deed", "housekeeping")
        for node in ast.walk(ast.parse(source))
    )


def files() -> list[Path]:
    return sorted(FOLDER.parent.rglob("*.py"))


def test_the_app_reads_the_ledger_in_a_persons_name() -> None:
    found = {path.name for path in files() if reads_in_nobodys_name(path.read_text(encoding="utf-8"))}
    assert found == set(AS_THE_PRODUCT)


def test_the_app_writes_by_use_cases_only() -> None:
    assert [path.name for path in files() if deeds(path.read_text(encoding="utf-8"))] == []


def test_a_read_in_nobodys_name_and_a_deed_of_a_page_are_found() -> None:
    assert reads_in_nobodys_name("with open_ledger().read() as tx: pass") == 1
    assert reads_in_nobodys_name("with open_ledger().read(person) as tx: pass") == 0
    assert deeds("with open_ledger().deed(event, person) as deed: pass") == 1
