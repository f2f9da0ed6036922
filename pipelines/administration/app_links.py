"""Links into the app for who reads them outside of it: in a mail, a chat, a calendar.

Not here: the address that `procura up` prints, which knows the port really taken (cli/app_address.py).
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from pipelines.administration.https import is_loopback
from warehouse.settings import Settings


def base_url(settings: Settings) -> str:
    """Return the app's address without a slash at its end; empty where it takes any free port and none is stated."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    if not settings.app_port:
        return ""
    named = next((name.strip() for name in settings.allowed_hosts.split(",") if name.strip()), "")
    host = settings.app_host if is_loopback(settings.app_host) or not named else named
    scheme = "https" if settings.tls_cert else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.app_port}"


def page_link(settings: Settings, page: str, parameters: Mapping[str, str] | None = None) -> str:
    """Return the address of a page of the app; empty where the app's own is not known."""
    base = base_url(settings)
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"{base}/{page}{query}" if base else ""
