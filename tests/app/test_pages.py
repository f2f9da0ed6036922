"""Every file of app/pages, the moment it exists: what it must offer."""

import ast
from pathlib import Path

import pytest

from app.page import FOLDER, PageInfo, find_pages

FILES = sorted(path for path in FOLDER.glob("*.py") if path.name != "__init__.py")


def test_no_page_is_broken_and_none_is_left_out() -> None:
    found = find_pages()
    assert found.broken == {}
    assert sorted(found.by_file) == FILES


def test_titles_differ_and_one_page_is_first() -> None:
    infos = list(find_pages().by_file.values())
    assert len({info.title for info in infos}) == len(infos)
    assert [info.title for info in infos if info.is_first] == ["Dashboard"]
    assert len({(info.section, info.order) for info in infos}) == len(infos)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_page_draws_only_under_its_main_guard_and_writes_no_markup(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    last = tree.body[-1]
    assert isinstance(last, ast.If)
    assert ast.unparse(last.test) == "__name__ == '__main__'"
    assert any(isinstance(node, ast.FunctionDef) and node.name == "render" for node in tree.body)
    assert isinstance(find_pages().by_file[path], PageInfo)
    assert "session.person()" in text, "each page asks whose session it is"


def test_no_file_of_the_app_writes_html_or_style() -> None:
    for path in FOLDER.parent.rglob("*.py"):
        text = path.read_text()
        assert "unsafe_allow_html" not in text, path
        assert "st.html" not in text, path
        assert "st.components" not in text, path
        assert "streamlit.components" not in text, path
