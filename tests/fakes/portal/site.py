"""The portal's pages: sign-in, a form of three steps, the receipt, the bidder's own offers."""

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.fakes.portal.control import control_routes
from tests.fakes.portal.faults import Fault
from tests.fakes.portal.store import PortalStore, Session, StoredFile, now

HERE = Path(__file__).parent
ACCOUNTS = {"bidder": "rehearse it twice", "second.bidder": "rehearse it thrice"}
"""Known to everybody (MANUAL.md): nothing here is worth stealing."""
OFFICES = (
    "Central Contracting Office", "Regional Contracting Office East", "Regional Contracting Office West",
    "Research and Development Contracting", "Facilities and Construction Contracting",
)  # fmt: skip
LABELS = {"solicitation": "Solicitation number", "reference": "Your own reference", "submit": "Submit offer"}
CHANGED_LABELS = {"solicitation": "Number of the call", "reference": "File number of the bidder", "submit": "Send bid"}
PAGE_SIZE = 10
COOKIE = "portal_session"
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
    "cache-control": "no-store", "referrer-policy": "same-origin", "x-content-type-options": "nosniff",
}  # fmt: skip
EXPIRED = "Your session has expired. Please sign in again."
WRONG_PASSWORD = "The user name or the password is not correct."

Page = Callable[[Request, Session], Awaitable[Response]]


class Portal:
    """The pages over one store."""

    def __init__(self, store: PortalStore) -> None:
        self.store = store
        self.templates = Jinja2Templates(HERE / "templates")

    def app(self) -> ASGIApp:
        """Return the whole portal."""
        own = self.signed_in
        routes = [
            Route("/", self.home),
            Route("/sign-in", self.show_sign_in),
            Route("/sign-in", self.sign_in, methods=["POST"]),
            Route("/sign-out", own(self.sign_out), methods=["POST"]),
            Route("/offers", own(self.offers)),
            Route("/offers/new", own(self.details)),
            Route("/offers/new", own(self.save_details), methods=["POST"]),
            Route("/offers/new/{draft}/files", own(self.files)),
            Route("/offers/new/{draft}/files", own(self.upload), methods=["POST"]),
            Route("/offers/new/{draft}/review", own(self.review)),
            Route("/offers/new/{draft}/submit", own(self.submit, at_last_button=True), methods=["POST"]),
            Route("/offers/{number}", own(self.receipt)),
            Mount("/control", routes=control_routes(self.store)),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ]
        return with_connection(Starlette(routes=routes))

    def page(self, request: Request, name: str, *, status: int = 200, **values: Any) -> Response:
        """Draw one page."""
        labels = CHANGED_LABELS if self.store.faults().is_changed else LABELS
        return self.templates.TemplateResponse(
            request, f"{name}.html", {"labels": labels, **values}, status_code=status, headers=HEADERS
        )

    def told(self, request: Request, status: int, heading: str, words: str) -> Response:
        """Say one thing on a page of its own."""
        return self.page(request, "told", status=status, heading=heading, words=words)

    # ------------------------------------------------------------------------------------- who is there
    def signed_in(self, page: Page, *, at_last_button: bool = False) -> Callable[[Request], Awaitable[Response]]:
        """Ask for a session, and for the form's token, before a page; let go wrong what is to go wrong."""

        async def guarded(request: Request) -> Response:
            session = self.store.session(request.cookies.get(COOKIE, ""))
            if session is None:
                gone = COOKIE in request.cookies
                return RedirectResponse("/sign-in?expired=1" if gone else "/sign-in", 303, HEADERS)
            if not at_last_button and (answer := await self.elsewhere(request, session)) is not None:
                return answer
            if request.method == "POST":
                form = await request.form(max_files=200, max_part_size=1_000_000)
                if not hmac.compare_digest(str(form.get("csrf", "")), session.csrf):
                    return self.told(request, 403, "Not possible", "This form is no longer valid. Open it again.")
            return await page(request, session)

        return guarded

    async def elsewhere(self, request: Request, session: Session) -> Response | None:
        """Let a page other than the last button go wrong; None when it does not, or is only slow."""
        fault = self.store.draw(at_last_button=False)
        if fault is Fault.BUSY:
            return self.busy(request)
        if fault is Fault.DROP_BEFORE:
            return dropped(request)
        if fault is Fault.EXPIRE:
            self.store.end_session(session.id)
            return RedirectResponse("/sign-in?expired=1", 303, HEADERS)
        if fault is Fault.SLOW:
            await asyncio.sleep(self.store.faults().slow_seconds)
        return None

    def busy(self, request: Request) -> Response:
        """Say that the portal is busy."""
        return self.told(request, 503, "Service temporarily unavailable", "Nothing was saved. Please try again later.")

    async def home(self, request: Request) -> Response:
        """Go where one begins."""
        return RedirectResponse("/offers", 303, HEADERS)

    async def show_sign_in(self, request: Request) -> Response:
        """Show the form of the sign-in."""
        return self.sign_in_page(request, [EXPIRED] if "expired" in request.query_params else [])

    def sign_in_page(self, request: Request, messages: list[str], *, user: str = "", status: int = 200) -> Response:
        """Draw the form of the sign-in with a token of its own."""
        csrf = secrets.token_urlsafe(24)
        answer = self.page(request, "sign_in", status=status, messages=messages, csrf=csrf, user=user)
        answer.set_cookie("portal_form", csrf, httponly=True, samesite="strict", path="/sign-in")
        return answer

    async def sign_in(self, request: Request) -> Response:
        """Sign a bidder in."""
        form = await request.form()
        user, password = str(form.get("user", "")), str(form.get("password", ""))
        token = request.cookies.get("portal_form", "")
        if not token or not hmac.compare_digest(str(form.get("csrf", "")), token):
            return self.sign_in_page(request, ["This form is no longer valid. Please try again."], status=403)
        if not hmac.compare_digest(ACCOUNTS.get(user, secrets.token_hex()).encode(), password.encode()):
            return self.sign_in_page(request, [WRONG_PASSWORD], user=user)
        answer = RedirectResponse("/offers", 303, HEADERS)
        answer.set_cookie(COOKIE, self.store.open_session(user).id, httponly=True, samesite="strict")
        return answer

    async def sign_out(self, request: Request, session: Session) -> Response:
        """End the session."""
        self.store.end_session(session.id)
        return RedirectResponse("/sign-in", 303, HEADERS)

    # ------------------------------------------------------------------------------------- the form
    def closed(self, solicitation: str) -> str:
        """Say that the call has closed; "" while it is open."""
        end = self.store.faults().closes_at
        if not end or now() < datetime.fromisoformat(end):
            return ""
        when = datetime.fromisoformat(end).strftime("%Y-%m-%d %H:%M:%S")
        return f"The call {solicitation} closed on {when} UTC. Late offers are not considered."

    async def details(self, request: Request, session: Session) -> Response:
        """Show step 1."""
        return self.details_page(request, session, {}, [])

    def details_page(self, request: Request, session: Session, fields: Mapping[str, str], messages: list[str]) -> Response:  # fmt: skip
        """Draw step 1, with what was typed."""
        return self.page(
            request, "details", session=session, fields=fields, messages=messages, offices=OFFICES,
            status=422 if messages else 200,
        )  # fmt: skip

    async def save_details(self, request: Request, session: Session) -> Response:
        """Take step 1, or say what is missing."""
        form = await request.form()
        names = ("solicitation", "title", "reference", "office", "kind", "note")
        fields = {name: str(form.get(name, "")).strip() for name in names}
        missing = [
            f"{label} is missing."
            for name, label in (("solicitation", "The solicitation number"), ("title", "The title of the offer"))
            if not fields[name]
        ]
        if fields["office"] not in OFFICES:
            missing.append("Choose a contracting office.")
        if closed := self.closed(fields["solicitation"]):
            missing.append(closed)
        if missing:
            return self.details_page(request, session, fields, missing)
        draft = self.store.open_draft(session.bidder, fields)
        return RedirectResponse(f"/offers/new/{draft}/files", 303, HEADERS)

    async def files(self, request: Request, session: Session) -> Response:
        """Show step 2."""
        return self.files_page(request, session, [])

    def files_page(self, request: Request, session: Session, messages: list[str]) -> Response:
        """Draw step 2."""
        draft = request.path_params["draft"]
        if self.store.draft(draft, session.bidder) is None:
            return self.told(request, 404, "Not found", "There is no such offer.")
        return self.page(
            request, "files", session=session, draft=draft, files=self.store.draft_files(draft), messages=messages,
            faults=self.store.faults(), status=422 if messages else 200,
        )  # fmt: skip

    async def upload(self, request: Request, session: Session) -> Response:
        """Take files, all or none of them."""
        draft = request.path_params["draft"]
        form = await request.form()
        sent = [one for one in form.getlist("files") if isinstance(one, UploadFile) and one.filename]
        files = [(str(one.filename), await one.read()) for one in sent]
        if self.store.draft(draft, session.bidder) is None:
            return self.told(request, 404, "Not found", "There is no such offer.")
        if refused := self.refused_files(files, self.store.draft_files(draft)):
            return self.files_page(request, session, refused)
        self.store.add_files(draft, files)
        return RedirectResponse(f"/offers/new/{draft}/files", 303, HEADERS)

    def refused_files(self, files: list[tuple[str, bytes]], there: list[StoredFile]) -> list[str]:
        """Say what is wrong with files."""
        limits, refused = self.store.faults(), []
        if not files:
            refused.append("No file was chosen.")
        for name, data in files:
            if not name.lower().endswith(limits.types):
                refused.append(f"{name} is of a type that is not accepted ({', '.join(limits.types)}).")
            elif not data:
                refused.append(f"{name} is empty.")
            elif len(data) > limits.most_file_bytes:
                refused.append(f"{name} is too large: at most {limits.most_file_bytes:,} bytes are accepted.")
            elif any(name == other.name for other in there):
                refused.append(f"{name} is there already.")
        if len(files) + len(there) > limits.most_files:
            refused.append(f"At most {limits.most_files} files are accepted.")
        if sum(len(data) for _, data in files) + sum(one.size for one in there) > limits.most_total_bytes:
            refused.append(f"Together the files are too large: at most {limits.most_total_bytes:,} bytes are accepted.")
        return refused

    async def review(self, request: Request, session: Session) -> Response:
        """Show step 3."""
        return self.review_page(request, session, [])

    def review_page(self, request: Request, session: Session, messages: list[str]) -> Response:
        """Draw step 3."""
        draft = request.path_params["draft"]
        fields = self.store.draft(draft, session.bidder)
        if fields is None:
            return self.told(request, 404, "Not found", "There is no such offer.")
        return self.page(
            request, "review", session=session, draft=draft, fields=fields, files=self.store.draft_files(draft),
            messages=messages, status=422 if messages else 200,
        )  # fmt: skip

    # ------------------------------------------------------------------------------------- the last button
    async def submit(self, request: Request, session: Session) -> Response:
        """Accept the offer, and let go wrong what is to go wrong."""
        draft = request.path_params["draft"]
        fields = self.store.draft(draft, session.bidder)
        if fields is None:
            return self.told(request, 404, "Not found", "There is no such offer.")
        fault = self.store.draw(at_last_button=True)
        self.store.note_press(fields["reference"], fault, at=now())
        if fault is Fault.BUSY:
            return self.busy(request)
        if fault is Fault.DROP_BEFORE:
            return dropped(request)
        if fault is Fault.EXPIRE:
            self.store.end_session(session.id)
            return RedirectResponse("/sign-in?expired=1", 303, HEADERS)
        if fault is Fault.SLOW:
            await asyncio.sleep(self.store.faults().slow_seconds)
        if fault is Fault.LATE:
            await until_client_gives_up(request, self.store.faults().hang_seconds)
            await asyncio.sleep(self.store.faults().late_seconds)
        if refused := self.refused_offer(session, draft, fields, str((await request.form()).get("authorized", ""))):
            return self.review_page(request, session, refused)
        offer = self.store.accept(draft, session.bidder, fields, fault, at=now())
        if fault in (Fault.DROP_AFTER, Fault.LATE):
            return dropped(request)
        if fault is Fault.HANG_AFTER:
            await until_client_gives_up(request, self.store.faults().hang_seconds)
            return dropped(request)
        if fault is Fault.ERROR_AFTER:
            return self.told(request, 500, "Internal server error", "An unexpected error occurred.")
        return RedirectResponse(f"/offers/{offer.number}", 303, HEADERS)

    def refused_offer(self, session: Session, draft: str, fields: Mapping[str, str], authorized: str) -> list[str]:
        """Say why an offer is not accepted."""
        if closed := self.closed(fields["solicitation"]):
            return [closed]
        refused = [] if authorized else ["Confirm that you are authorized."]
        if not self.store.draft_files(draft):
            refused.append("The offer has no files.")
        if not self.store.faults().takes_duplicates and self.store.has_reference(session.bidder, fields["reference"]):
            refused.append(f"An offer with your reference {fields['reference']} was received already.")
        return refused

    # ------------------------------------------------------------------------------------- what was accepted
    async def receipt(self, request: Request, session: Session) -> Response:
        """Show the receipt of an own offer."""
        wanted = request.path_params["number"]
        for offer in self.store.offers(bidder=session.bidder, words=wanted):
            if offer.number == wanted:
                files = self.store.files_of(offer, with_bytes=False)
                return self.page(request, "receipt", session=session, offer=offer, files=files)
        return self.told(request, 404, "Not found", "There is no such offer.")

    async def offers(self, request: Request, session: Session) -> Response:
        """List the bidder's own offers."""
        words, page = request.query_params.get("q", "").strip(), request.query_params.get("page", "1")
        found = self.store.offers(bidder=session.bidder, words=words)
        pages = max(1, -(-len(found) // PAGE_SIZE))
        number = min(max(int(page) if page.isdecimal() else 1, 1), pages)
        shown = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        return self.page(
            request, "offers", session=session, offers=shown, count=len(found), q=words, page=number, pages=pages
        )


def with_connection(app: ASGIApp) -> ASGIApp:
    """Let pages break the connection they are asked over: uvicorn's own `send` knows it, and the framework hides that."""

    async def outermost(scope: Scope, receive: Receive, send: Send) -> None:
        cycle = getattr(send, "__self__", None)
        await app({**scope, "portal.transport": getattr(cycle, "transport", None)}, receive, send)

    return outermost


def dropped(request: Request) -> Response:
    """Break the connection; what is returned goes nowhere."""
    transport = request.scope.get("portal.transport")
    if transport is not None:
        transport.abort()
    return Response(status_code=503, headers=HEADERS)


async def until_client_gives_up(request: Request, seconds: float) -> None:
    """Wait until the client has gone, at most so long."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(gone(), seconds)
    except TimeoutError:
        return
