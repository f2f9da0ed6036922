"""Keeping the company profile: seed the ready example, read the current one, save a changed one."""

from dataclasses import dataclass

from pipelines.qualification.company import EXAMPLE_COMPANY, parse_company_profile, profile_version
from warehouse.domain.access import Action, Person, check
from warehouse.domain.audit_event import AuditEvent
from warehouse.domain.company import CompanyProfile
from warehouse.errors import NotFound
from warehouse.ledger.company_profiles import StoredProfile, current_profile, replace_profile, seed_profile
from warehouse.ledger.store import SYSTEM, Ledger


@dataclass(frozen=True)
class CurrentCompany:
    """The profile that scores are computed with, as stored and as read."""

    stored: StoredProfile
    profile: CompanyProfile


def current_company(ledger: Ledger, *, by: Person | None = None) -> CurrentCompany:
    """Return the current company profile.

    Args:
        by: Who reads it; None is a run of the product.

    Raises:
        NotFound: none was ever stored.
    """
    with ledger.read(by) as tx:
        stored = current_profile(tx)
    if stored is None:
        raise NotFound("there is no company profile yet.", todo="run `procura run` once: it stores the ready example.")
    return CurrentCompany(stored, parse_company_profile(stored.body))


def ensure_company(ledger: Ledger) -> CurrentCompany:
    """Return the current company profile, storing the ready example first when there is none (role: pipeline)."""
    with ledger.read() as tx:
        known = current_profile(tx) is not None
    if not known:
        body = EXAMPLE_COMPANY.read_text(encoding="utf-8")
        profile = parse_company_profile(body)
        version = profile_version(profile)
        with ledger.deed(AuditEvent("company_profile:seeded", version, SYSTEM)) as deed:
            if not seed_profile(deed, version=version, name=profile.name, body=body):
                deed.nothing_happened()
    return current_company(ledger)


def save_company(ledger: Ledger, body: str, *, base_version: str, by: Person) -> str:
    """Make `body` the company profile and return its version; the same content changes nothing.

    Args:
        body: YAML, as docs/company-profile.md explains it.
        base_version: The version the editor started from.

    Raises:
        NotPermitted: the role may not.
        BadInput: the text is no profile; every fault is listed.
        WrongState: somebody saved another version meanwhile.
    """
    check(by, Action.EDIT_COMPANY_PROFILE)
    profile = parse_company_profile(body)
    version = profile_version(profile)
    with ledger.deed(AuditEvent("company_profile:saved", version, by.id, {"replaces": base_version}), by) as deed:
        if version == base_version:
            deed.nothing_happened()
        replace_profile(deed, base_version=base_version, version=version, name=profile.name, body=body, by=by.id)
    return version
