"""The company profile's versions: YAML as a person wrote it, one of them current, none ever changed."""

from dataclasses import dataclass
from datetime import datetime

import yaml

from warehouse.errors import WrongState
from warehouse.ledger.store import Deed, Transaction


@dataclass(frozen=True)
class StoredProfile:
    """One version: `version` is the hash of its content, `body` YAML, `created_by` a profile id or "system"."""

    version: str
    name: str
    body: str
    created_at: datetime
    created_by: str


def current_profile(tx: Transaction) -> StoredProfile | None:
    """Return the version that scores are computed with; None before the first."""
    row = tx.row("select version, name, body, created_at, created_by from company_profiles where is_current")
    return StoredProfile(**row) if row else None


def declared_naics(tx: Transaction) -> tuple[str, ...]:
    """Return the industries that the current profile declares, sorted, each once; none where there is no profile."""
    stored = current_profile(tx)
    given = (yaml.safe_load(stored.body) or {}).get("naics_codes") if stored else None
    return tuple(sorted({str(code).strip() for code in given or []}))


def declared_interests(tx: Transaction) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the keywords of the current profile and the buyers of its past awards, each once and in its order."""
    stored = current_profile(tx)
    body = (yaml.safe_load(stored.body) or {}) if stored else {}
    past = [award for award in body.get("past_awards") or [] if isinstance(award, dict)]
    buyers = [str(award.get(name) or "").strip() for award in past for name in ("agency", "sub_tier")]
    keywords = [str(word).strip() for word in body.get("keywords") or []]
    return tuple(dict.fromkeys(filter(None, keywords))), tuple(dict.fromkeys(filter(None, buyers)))


def seed_profile(deed: Deed, *, version: str, name: str, body: str) -> bool:
    """Store the ready example when there is no profile at all; False when there is one."""
    added = deed.execute(
        "insert into company_profiles (version, name, body, created_by)"
        " select %s, %s, %s, 'system' where not exists (select from company_profiles)",
        [version, name, body],
    )
    return added.rowcount == 1


def replace_profile(deed: Deed, *, base_version: str, version: str, name: str, body: str, by: str) -> None:
    """Make a new version current, in place of the one that its editor started from.

    Raises:
        WrongState: somebody saved another version meanwhile.
    """
    ended = deed.execute(
        "update company_profiles set is_current = false where is_current and version = %s", [base_version]
    )
    if ended.rowcount != 1:
        raise WrongState(
            "the company profile was changed by somebody else since you opened it.",
            kept="their version; yours is still in the form.",
            todo="open the page anew, compare, and save again.",
        )
    # A content that was current once before becomes current again.
    deed.execute(
        "insert into company_profiles (version, name, body, created_by) values (%s, %s, %s, %s)"
        " on conflict (version) do update set is_current = true",
        [version, name, body, by],
    )
