"""How errors reach a person: ours in their form, a full disk as such, any other as a reference into the log."""

import errno
import os

import dagster as dg
import duckdb
import psycopg
import pytest

from cli.failure import report_failure
from warehouse.errors import BadInput, StoreUnavailable
from warehouse.settings import Settings


def test_expected_error_is_told_in_its_own_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert report_failure(BadInput("no such file.", kept="all of it.", todo="name one.")) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "BadInput: no such file.\n  Kept: all of it.\n  To do: name one.\n"


def test_error_that_dagster_wrapped_is_told_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    wrapped = dg.Failure("step failed")
    wrapped.__cause__ = StoreUnavailable("the ledger does not answer.")
    report_failure(wrapped)
    assert capsys.readouterr().err.startswith("StoreUnavailable: the ledger does not answer.")


def test_full_disk_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    report_failure(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert capsys.readouterr().err.startswith("DiskFull: the disk is full.")


@pytest.mark.parametrize("error", [psycopg.OperationalError("gone"), duckdb.IOException("gone")])
def test_store_that_is_gone_is_told_as_such(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    report_failure(error)
    assert capsys.readouterr().err.startswith("StoreUnavailable: ")


def test_unknown_error_is_a_reference_into_the_log_and_no_traceback(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report_failure(KeyError("secret detail")) == 1
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert "secret detail" not in told
    reference = told.split("Reference ")[1].split(".")[0]
    log = (settings.logs / "errors.log").read_text()
    assert reference in log
    assert "secret detail" in log
