"""The [grants_gov] table of a profile: its page has every key, and its example is sound."""

import re
from dataclasses import fields

from pipelines.submission.executors.grants_gov import EXECUTOR
from pipelines.submission.grants_gov.settings import GrantsSettings
from pipelines.submission.portals.check import check_text
from warehouse.settings import ROOT

PAGE = (ROOT / "docs" / "portal-grants.md").read_text()


def test_the_example_of_the_page_is_sound_and_may_be_activated() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    checked = check_text(example, executors={EXECUTOR.name: EXECUTOR})
    assert checked.faults == ()
    assert checked.may_be_activated


def test_the_page_has_every_key() -> None:
    assert [one.name for one in fields(GrantsSettings) if f"`{one.name}`" not in PAGE] == []
