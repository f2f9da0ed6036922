"""The names of our cookies, and how they are set: one place for all who read or write one.

Over https a name begins with `__Host-`: a browser then takes it only from this host, for the whole of it and with
Secure, so that neither another host of the domain nor a plain connection can plant one.
"""

from starlette.responses import Response

from warehouse import settings

HOST_ONLY = "__Host-"


def session_cookie() -> str:
    """Return the name under which a browser keeps the session's id."""
    return _name("procura_session")


def form_cookie() -> str:
    """Return the name under which a browser keeps the token of our own forms."""
    return _name("procura_form")


def step_cookie() -> str:
    """Return the name under which a browser keeps a sign-in that is half done."""
    return _name("procura_step")


def device_cookie() -> str:
    """Return the name under which a browser keeps the note that it has signed in to an account before."""
    return _name("procura_device")


def set_cookie(response: Response, name: str, value: str, *, seconds: int) -> None:
    """Let the browser keep a value: not for scripts, not for other sites' requests, over https never in clear."""
    is_secure = settings.current().is_https
    response.set_cookie(name, value, max_age=seconds, path="/", secure=is_secure, httponly=True, samesite="lax")


def cookie_header(name: str, value: str, *, seconds: int) -> str:
    """Return the same as the text of a Set-Cookie header, for an answer that somebody else makes."""
    response = Response()
    set_cookie(response, name, value, seconds=seconds)
    return response.headers["set-cookie"]


def delete_cookie(response: Response, name: str) -> None:
    """Let the browser forget a value."""
    is_secure = settings.current().is_https
    response.delete_cookie(name, path="/", secure=is_secure, httponly=True, samesite="lax")


def _name(plain: str) -> str:
    return f"{HOST_ONLY}{plain}" if settings.current().is_https else plain
