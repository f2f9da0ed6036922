"""The portal's profile, as its TOML file says it, for a portal that runs at another address and with other times."""

from pathlib import Path

TEXT = Path(__file__).with_name("rehearsal.toml").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8901"
OFFICE_LINE = "Contracting office: Central Contracting Office"
"""What the package must say for this portal's form."""


def profile_text(address: str, **changes: float) -> str:
    """Return the profile's text; `changes` by key: settle_seconds, patience_seconds, attempts, outcome_seconds."""
    lines = TEXT.replace(ADDRESS, address).splitlines()
    for key, value in changes.items():
        found = [number for number, line in enumerate(lines) if line.startswith(f"{key} =")]
        assert len(found) == 1, f"{key} is {len(found)} times in rehearsal.toml"
        lines[found[0]] = f"{key} = {value:g}"
    return "\n".join(lines) + "\n"
