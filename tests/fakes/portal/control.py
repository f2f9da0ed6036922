"""The portal's control address: what goes wrong, set by whoever rehearses; a page of elsewhere cannot reach it."""

import json
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.portal.faults import Fault, read_faults
from tests.fakes.portal.store import PortalStore

HEADER = "x-portal-control"
"""No form and no script of another page may send it without asking first, which is not answered."""


def control_routes(store: PortalStore) -> list[Route]:
    """Return the routes: GET and PATCH faults, POST next, GET offers."""

    async def faults(request: Request) -> Response:
        if request.method == "PATCH":
            changed = {**asdict(store.faults()), **await request.json()}
            store.set_faults(read_faults(json.dumps(changed)))
        return JSONResponse(asdict(store.faults()))

    async def following(request: Request) -> Response:
        told: Any = await request.json()
        store.let_happen(Fault(told["fault"]), at_last_button=bool(told.get("at_last_button", True)))
        return JSONResponse(told)

    async def offers(request: Request) -> Response:
        return JSONResponse(
            [
                {
                    "number": offer.number, "reference": offer.reference, "accepted_at": offer.accepted_at.isoformat(),
                    "fields": dict(offer.fields), "fault": offer.fault,
                    "files": [{"name": one.name, "size": one.size, "sha256": one.sha256} for one in store.files_of(offer)],
                }
                for offer in store.offers()
            ]
        )  # fmt: skip

    async def refusing(request: Request) -> Response:
        if HEADER not in request.headers:
            return JSONResponse({"fault": f"send the header {HEADER}"}, 403)
        try:
            return await {"faults": faults, "next": following, "offers": offers}[request.path_params["what"]](request)
        except (ValueError, KeyError, TypeError) as error:
            return JSONResponse({"fault": str(error)}, 400)

    return [Route("/{what}", refusing, methods=["GET", "POST", "PATCH"])]
