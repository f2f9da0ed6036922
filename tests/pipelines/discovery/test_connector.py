"""One file adds one source; a broken file is named and hides no other."""

import sys
from pathlib import Path

import pytest

from pipelines.discovery import connectors
from pipelines.discovery.connector import Connector, connector_of, find_connectors, load_connectors
from warehouse.errors import BadInput


def test_every_file_offers_a_whole_connector() -> None:
    found, broken = find_connectors()
    assert not broken
    assert set(found) == {path.stem for path in Path(connectors.__path__[0]).glob("[a-z]*.py")}
    for name, connector in found.items():
        assert isinstance(connector, Connector)
        assert connector.name == name
        assert connector.documentation_url.startswith("https://")
        assert connector.feeds


def test_demo_is_no_real_source() -> None:
    assert list(load_connectors()) == ["govcon", "grants_gov", "newsapi", "sam_gov", "usaspending"]
    assert connector_of("demo").is_demo


def test_an_unknown_source_is_said() -> None:
    with pytest.raises(BadInput, match="no source is named nothing"):
        connector_of("nothing")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError"),
        ("CONNECTOR = 5", "does not offer"),
        ("x = 1", "AttributeError"),
    ],
)
def test_a_broken_file_is_named_and_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    (tmp_path / "broken_source.py").write_text(text)
    monkeypatch.setattr(connectors, "__path__", [*connectors.__path__, str(tmp_path)])
    sys.modules.pop("pipelines.discovery.connectors.broken_source", None)
    found, broken = find_connectors()
    assert "sam_gov" in found
    assert [fault.name for fault in broken] == ["broken_source"]
    assert reason in broken[0].reason
    with pytest.raises(BadInput, match="broken_source cannot be used"):
        connector_of("broken_source")
