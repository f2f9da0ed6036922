from pathlib import Path

import pytest

from warehouse.audit.keys import audit_keys
from warehouse.errors import AuditBroken, NotPermitted
from warehouse.settings import Settings


def test_keys_are_made_once_for_the_owner_only_and_never_shown(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    keys = audit_keys(settings)
    assert audit_keys(settings) == keys
    assert (settings.secrets / "audit_keys.json").stat().st_mode & 0o077 == 0
    assert keys.by_id[keys.current].hex() not in repr(keys)


def test_a_key_file_open_to_others_is_refused(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    audit_keys(settings)
    (settings.secrets / "audit_keys.json").chmod(0o644)
    with pytest.raises(NotPermitted, match="chmod 600"):
        audit_keys(settings)


def test_a_damaged_key_file_is_told_and_not_replaced(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    audit_keys(settings)
    path = settings.secrets / "audit_keys.json"
    path.write_text("{}")
    with pytest.raises(AuditBroken, match="backup"):
        audit_keys(settings)
    assert path.read_text() == "{}"
