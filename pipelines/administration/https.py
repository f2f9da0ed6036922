"""Whether the app may be served as it is set: the certificate and its key, and no plain http beyond this machine.

Asked by `up` before anything starts, and by `doctor`. Not here: serving (cli/children.py).
"""

import ipaddress
import ssl
import stat
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.errors import BadInput
from warehouse.settings import Settings

if TYPE_CHECKING:
    from cryptography.x509 import Certificate as Certificate509

WARN_BEFORE = timedelta(days=14)
"""Short-lived certificates (90 days, soon 47) are renewed a month before they end: at 14 days a renewal has failed."""
NOTHING_STARTED = "nothing was started."


@dataclass(frozen=True)
class Certificate:
    """What the served certificate says: the names it is for, and its last instant (UTC)."""

    names: tuple[str, ...]
    ends_at: datetime

    def ends_soon(self, at: datetime) -> bool:
        """Say whether it must be renewed now."""
        return self.ends_at - at < WARN_BEFORE


def check_serving(settings: Settings, *, at: datetime) -> Certificate | None:
    """Refuse to serve in a way that would be unsafe or fail; return the certificate, or None for plain http on loopback.

    Raises:
        BadInput: plain http on an address that others reach, half a pair of certificate and key, a faulty one, or a proxy
            that is no address.
    """
    _check_proxies(settings.trusted_proxies)
    if (settings.tls_cert is None) != (settings.tls_key is None):
        missing = "PROCURA_TLS_KEY" if settings.tls_key is None else "PROCURA_TLS_CERT"
        raise BadInput(f"HTTPS needs both files: {missing} is not set.", kept=NOTHING_STARTED, todo="set it.")
    if settings.tls_cert is not None and settings.tls_key is not None:
        return check_certificate(settings.tls_cert, settings.tls_key, at=at)
    if not is_loopback(settings.app_host):
        raise BadInput(
            f"PROCURA_APP_HOST is {settings.app_host}, which others reach, and there is no certificate:"
            " passwords would travel in clear.",
            kept=NOTHING_STARTED,
            todo="set PROCURA_TLS_CERT and PROCURA_TLS_KEY, or leave PROCURA_APP_HOST on 127.0.0.1.",
        )
    return None


def _check_proxies(text: str) -> None:
    for word in filter(None, (word.strip() for word in text.split(","))):
        try:
            ipaddress.ip_network(word)
        except ValueError:
            raise BadInput(
                f"PROCURA_TRUSTED_PROXIES: {word!r} is no network address.",
                kept=NOTHING_STARTED,
                todo="write the proxy's own address, such as 127.0.0.1 or 10.0.0.0/28.",
            ) from None


def is_loopback(host: str) -> bool:
    """Say whether only programs of this machine reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_certificate(cert: Path, key: Path, *, at: datetime) -> Certificate:
    """Read a certificate and its key as the server will, and refuse what browsers would refuse later.

    Raises:
        BadInput: a file cannot be read or is no PEM, the key has a pass phrase, is open to all or is another's, or the
            certificate is not valid at `at`. The key's bytes are never repeated.
    """
    from cryptography import x509

    chain = _read(cert, "PROCURA_TLS_CERT")
    _read(key, "PROCURA_TLS_KEY")
    try:
        found = x509.load_pem_x509_certificates(chain)[0]
    except ValueError:
        raise _fault("PROCURA_TLS_CERT", f"{cert} holds no certificate in PEM form") from None
    if not found.not_valid_before_utc <= at:
        raise _fault(
            "PROCURA_TLS_CERT", f"the certificate is valid only from {found.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        )
    if not at < found.not_valid_after_utc:
        raise _fault("PROCURA_TLS_CERT", f"the certificate ended on {found.not_valid_after_utc:%Y-%m-%d %H:%M} UTC")
    if stat.S_IMODE(key.stat().st_mode) & 0o007:
        raise _fault("PROCURA_TLS_KEY", f"{key} can be read by everybody on this machine")
    _check_pair(cert, key)
    return Certificate(_names(found), found.not_valid_after_utc)


def _check_pair(cert: Path, key: Path) -> None:
    def refuse_to_ask() -> str:
        raise _fault("PROCURA_TLS_KEY", f"{key} has a pass phrase, and nobody is there to type it at a start")

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=refuse_to_ask)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise _fault("PROCURA_TLS_KEY", f"{key} is not the key of {cert}") from None
        raise _fault(
            "PROCURA_TLS_KEY", f"{cert} and {key} cannot be served ({error.reason or 'no PEM form'})"
        ) from None


def _read(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _fault(setting, f"{path} cannot be read ({error.strerror})") from None


def _fault(setting: str, what: str) -> BadInput:
    return BadInput(
        f"{setting}: {what}.", kept=NOTHING_STARTED, todo="correct the file or the setting, then start again."
    )


def _names(certificate: "Certificate509") -> tuple[str, ...]:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(found.get_values_for_type(x509.DNSName)) + tuple(map(str, found.get_values_for_type(x509.IPAddress)))
