"""While jobs run in this process, libraries write into the log and not before the person."""

import logging
import sys
from pathlib import Path

import pytest

from cli.in_process import LOG, Aside, libraries_aside
from warehouse.settings import Settings
from warehouse.stores import make_home


def test_what_libraries_say_goes_into_the_log_and_comes_back_afterwards(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    make_home(settings)
    handler = logging.StreamHandler(sys.stderr)
    logging.root.addHandler(handler)
    try:
        with libraries_aside(settings):
            print("a store's traceback", file=sys.stderr)
            logging.getLogger("psycopg.pool").warning("error connecting")
        assert capsys.readouterr().err == ""
        assert "a store's traceback" in (settings.logs / LOG).read_text()
        logging.getLogger("psycopg.pool").warning("heard again")
        print("and this too", file=sys.stderr)
    finally:
        logging.root.removeHandler(handler)
    assert capsys.readouterr().err == "heard again\nand this too\n"


def test_a_log_that_takes_nothing_ends_nothing(tmp_path: Path) -> None:
    assert Aside(tmp_path).write("lost") == 4, "the log is a folder"
    assert Aside(tmp_path / "absent" / "a.log").write("lost") == 4
