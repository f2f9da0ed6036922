"""Credentials of portals in the vault: what a profile needs, and opening one for a host of the profile and no other.

All of a portal lie under one name, `portal:<name of the profile>`, whatever its version. Not here: setting one
(pipelines/administration/credentials.py), when it is typed (browser/page_typing.py).
"""

from pipelines.submission.executor import Secret
from pipelines.submission.portals.profile import PortalProfile, parse_profile
from warehouse.domain.credential import CredentialNeed
from warehouse.errors import BadInput, NotFound, NotPermitted
from warehouse.ledger.credentials import open_secrets
from warehouse.ledger.portal_profiles import list_profiles
from warehouse.ledger.store import Ledger


def connector_of(profile_name: str) -> str:
    """Return the name under which the vault keeps a portal's credentials."""
    return f"portal:{profile_name}"


def needs_of(profile: PortalProfile) -> list[CredentialNeed]:
    """Return what a profile says that it needs, for `set_credential` and `list_credentials`."""
    return [
        CredentialNeed(connector_of(profile.name), name, f"{profile.title}: {name}", profile.documentation)
        for name in profile.credentials
    ]


def portal_needs(ledger: Ledger) -> list[CredentialNeed]:
    """Return what the newest version of each uploaded profile needs, by portal and name."""
    with ledger.read() as tx:
        rows = list_profiles(tx)
    newest = {row.name: row for row in reversed(rows)}
    found = []
    for name in sorted(newest):
        try:
            found += needs_of(parse_profile(newest[name].body))
        except BadInput:
            continue  # kept by an earlier version of the product; the page of profiles says what is wrong with it
    return found


def open_secret(ledger: Ledger, profile: PortalProfile, name: str, *, host: str) -> Secret:
    """Open a credential of a profile, for one of its hosts as the profile writes it.

    Raises:
        NotPermitted: the host is none of the profile's, or the profile does not name this credential.
        NotFound: the vault holds none of this name.
        VaultRefused: it is set and cannot be opened.
    """
    if host not in profile.hosts:
        raise NotPermitted(f"{host} is no host of {profile.title}: nothing secret goes there.", kept="the secret.")
    if name not in profile.credentials:
        raise NotPermitted(f"The profile {profile.name} names no credential {name}.", kept="the secret.")
    with ledger.read() as tx:
        secret = open_secrets(tx, connector_of(profile.name)).by_field.get(name)
    if secret is None:
        raise NotFound(
            f"The credential {name} of {profile.title} is not set.",
            kept="nothing was sent.",
            todo=f"`procura portal set-credential {profile.name} {name}`, or the page Credentials.",
        )
    return Secret(secret.get_secret_value())
