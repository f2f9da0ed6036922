"""Where the app is reached, and whether it answers there."""

import http.client
import ipaddress
import ssl

from cli.ports import LOOPBACK
from pipelines.administration.https import is_loopback
from warehouse.settings import Settings

PATIENCE_SECONDS = 2


def app_url(settings: Settings, port: int) -> str:
    """Return the address to open in a browser: the first name it may be reached under, where others reach it."""
    scheme = "https" if settings.tls_cert else "http"
    named = next((name.strip() for name in settings.allowed_hosts.split(",") if name.strip()), "")
    host = settings.app_host if is_loopback(settings.app_host) else named or _nearest(settings.app_host)
    return f"{scheme}://{_in_address(host)}:{port}"


def app_answers(settings: Settings, port: int) -> bool:
    """Ask the app how it is, from this machine."""
    host = _nearest(settings.app_host)
    if settings.tls_cert:
        # The certificate is for the names people use, not for this address; the question and its answer hold no secret.
        trusting = ssl._create_unverified_context()  # noqa: S323
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=PATIENCE_SECONDS, context=trusting
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/healthz", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _nearest(host: str) -> str:
    """Return where a program of this machine reaches who listens at `host`: `any` is no place to go to."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return ("::1" if address.version == 6 else LOOPBACK) if address.is_unspecified else host


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host
