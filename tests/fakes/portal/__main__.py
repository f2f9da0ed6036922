"""`python -m tests.fakes.portal`: serve the rehearsal portal on this machine, and print its address."""

import argparse
import asyncio
import socket
from pathlib import Path

import uvicorn

from tests.fakes.portal.faults import read_faults
from tests.fakes.portal.site import ACCOUNTS, Portal
from tests.fakes.portal.store import PortalStore


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fakes.portal", description="A portal to rehearse deliveries on."
    )
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--state", type=Path, required=True, metavar="FOLDER", help="where it keeps what it took")
    parser.add_argument(
        "--faults", type=Path, metavar="FILE", help="what goes wrong, as JSON (tests/fakes/portal/faults.py)"
    )
    given = parser.parse_args()
    store = PortalStore(given.state)
    if given.faults:
        store.set_faults(read_faults(given.faults.read_text(encoding="utf-8")))
    listening = socket.create_server(("127.0.0.1", given.port))
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    print(f"sign in as bidder with the password: {ACCOUNTS['bidder']}", flush=True)
    config = uvicorn.Config(Portal(store).app(), log_level="error", timeout_graceful_shutdown=1, lifespan="off")
    try:
        asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
