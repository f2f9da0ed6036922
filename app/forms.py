"""Our own plain forms, before and beside Streamlit: template, the form's token, its fields, who sends it.

A form carries a token that must equal the one in its own cookie (double submit), beside the gate's check of Origin.
"""

import functools
import hmac
import secrets
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, Template
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.cookies import delete_cookie, device_cookie, form_cookie, session_cookie, set_cookie, step_cookie
from app.gate import safe_next
from pipelines.administration.devices import KNOWN_FOR
from pipelines.administration.sessions import ABSOLUTE_LIMIT, SignedIn
from warehouse.errors import ProcuraError

FOLDER = Path(__file__).with_name("sign_in_page")
FORM_SECONDS = 3600
LONGEST_FIELD = 1_000
STRICT = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
STALE = "This page was open for too long. Please try again."
AWAY = "The store does not answer; try again in a moment."


@functools.cache
def _template(name: str) -> Template:
    return Environment(loader=FileSystemLoader(FOLDER), autoescape=True).get_template(name)


def show(request: Request, template: str, *, status: int = 200, message: str = "", **values: object) -> Response:
    """Draw a form with its token; where it goes on to afterwards is the address's `next`."""
    token = request.cookies.get(form_cookie()) or secrets.token_urlsafe(32)
    html = _template(template).render(token=token, next=next_of(request), message=message, **values)
    response = HTMLResponse(html, status, headers=STRICT)
    set_cookie(response, form_cookie(), token, seconds=FORM_SECONDS)
    return response


def show_plain(template: str, **values: object) -> Response:
    """Draw a page of ours that is no form, or one whose token is made otherwise."""
    return HTMLResponse(_template(template).render(**values), headers=STRICT)


async def read_fields(request: Request, *names: str) -> dict[str, str] | None:
    """Return a form's fields, shortened to what can be right; None where the form is not ours or too old."""
    async with request.form(max_files=0, max_fields=8, max_part_size=10_000) as form:
        fields = {name: str(form.get(name, ""))[:LONGEST_FIELD] for name in (*names, "token")}
    return fields if equal(fields["token"], request.cookies.get(form_cookie())) else None


def equal(given: str, expected: str | None) -> bool:
    """Compare two secrets in a time that says nothing; nothing equals None."""
    return bool(expected) and hmac.compare_digest(given.encode(), str(expected).encode())


def next_of(request: Request) -> str:
    """Return where to go afterwards: a path of ours."""
    return safe_next(request.query_params.get("next", "/"))


def with_next(path: str, request: Request) -> str:
    """Return an address that carries on where to go afterwards."""
    return f"{path}?next={quote(next_of(request), safe='')}"


def client_of(request: Request) -> str:
    """Return the network address of who asks."""
    return request.client.host if request.client else "unknown"


def browser_of(request: Request) -> str:
    """Return what the browser calls itself."""
    return request.headers.get("user-agent", "")[:LONGEST_FIELD]


def sentence(error: ProcuraError) -> str:
    """Return an error of ours as one text for a form."""
    todo = error.todo[:1].upper() + error.todo[1:]
    return f"{error.what} {todo}".strip()


def leave(path: str) -> Response:
    """Send the browser on with GET."""
    return RedirectResponse(path, 303, headers=STRICT)


def keep_session(response: Response, signed: SignedIn) -> None:
    """Give the browser its session and the note that it is known; what led there is forgotten."""
    set_cookie(response, session_cookie(), signed.token, seconds=int(ABSOLUTE_LIMIT.total_seconds()))
    keep_note(response, signed.known_device)
    delete_cookie(response, form_cookie())
    delete_cookie(response, step_cookie())


def keep_note(response: Response, note: str) -> None:
    """Let the browser keep the note that it has signed in to an account before."""
    if note:
        set_cookie(response, device_cookie(), note, seconds=int(KNOWN_FOR.total_seconds()))
