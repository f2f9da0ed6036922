"""What is generated is compared; what is written by hand names things that exist."""

import re
import subprocess

import pytest

from tests import generate_docs
from warehouse.settings import ROOT, Settings


@pytest.mark.parametrize("page", ["settings.md", "access.md", "data-dictionary.md", "commands.md", "ranking.md"])
def test_a_generated_page_says_what_the_product_is_today(home: Settings, page: str) -> None:
    written = (generate_docs.DOCS / page).read_text(encoding="utf-8")
    assert written == generate_docs.pages(home)[page], "run `make docs`"


def test_a_comment_beside_a_column_reaches_the_dictionary() -> None:
    said = generate_docs.comments(
        "-- One row a thing.\ncreate table things (\n  id int,  -- its number\n  size int\n);\n"
    )
    assert said == {"things": "One row a thing.", "things.id": "its number"}


def tracked() -> list[str]:
    return subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")[
        :-1
    ]


FOREIGN = re.compile(
    r"py" r"pi\.org|python" r"hosted|registry\.np" r"mjs|deb\." r"debian|/(wo" r"rk|ro" r"ot|ho" r"me/[a-z]+)/"
)


def test_no_tracked_file_names_a_package_index_or_a_path_of_somebodys_machine() -> None:
    found = []
    for name in tracked():
        path = ROOT / name
        if path.suffix in {".png", ".ico"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{name}:{number}" for number, line in enumerate(text.splitlines(), 1) if FOREIGN.search(line)]
    assert found == []


def test_the_search_for_such_names_finds_one() -> None:
    assert FOREIGN.search("--index-url https://py" + "pi.org/simple")
    assert FOREIGN.search("see /wo" + "rk/main")


def test_every_link_in_the_documents_leads_to_a_file() -> None:
    broken = []
    for name in tracked():
        if name.endswith(".md") and (ROOT / name).is_file():
            for target in re.findall(r"\]\(([^)#]+)", (ROOT / name).read_text(encoding="utf-8")):
                if not target.startswith(("http", "mailto")) and not ((ROOT / name).parent / target).exists():
                    broken.append(f"{name} -> {target}")
    assert broken == []
