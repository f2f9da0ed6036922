"""`procura status` and `procura down`: what runs, since when, where; and its orderly end."""

import os
import signal
import time
from dataclasses import asdict
from typing import Annotated

import typer

from cli.output import print_json, print_rows
from cli.state import UpState, is_held, read_state
from pipelines.administration.processes import is_alive
from warehouse.audit.witness import faults
from warehouse.clock import now
from warehouse.errors import StoreUnavailable
from warehouse.settings import current

STOP_SECONDS = 120
"""The longest orderly end: a run asked to stop, then PostgreSQL's last checkpoint."""


def status(as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")] = False) -> None:
    """Say what runs for this home, since when and where."""
    settings = current()
    state = read_state(settings)
    if state is not None and not is_alive(state.process):
        state = None  # the words of an earlier life: a new one may have taken the home and not spoken yet
    if is_held(settings):
        if as_json:
            told = asdict(state) if state else {"phase": "starting"}
            print_json({"is_running": True} | told | {"faults": [*told.get("faults", []), *faults(settings)]})
        elif state is None:
            print(f"Procura is just starting for {settings.resolved_home}.")
        else:
            _print_state(state)
    elif as_json:
        print_json({"is_running": False, "home": str(settings.resolved_home)})
    else:
        print(f"Nothing runs for {settings.resolved_home}. `procura up` starts it.")


def _print_state(state: UpState) -> None:
    print(f"Procura: {state.phase} since {state.started_at} (process {state.pid}), home {state.home}")
    print(f"  App      {state.app_url or 'not yet'}")
    print(f"  Dagster  {state.dagster_url or 'not yet'}")
    if state.as_of:
        print(f"  As of    {state.as_of}")
    for fault in [*state.faults, *faults(current())]:
        print(f"  FAULT    {fault}")
    rows = [
        (name, child.pid, "runs" if is_alive(child.process) else "ended", child.started_at, child.restarts)
        for name, child in state.processes.items()
    ]
    print_rows(["process", "pid", "state", "since", "restarts"], rows)


def down(as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")] = False) -> None:
    """End what `procura up` started for this home, and wait until it has ended."""
    settings = current()
    state = read_state(settings)
    if not is_held(settings):
        print_json({"stopped": False, "reason": "nothing ran"}) if as_json else print("Nothing runs; nothing to end.")
        return
    if state is None or not is_alive(state.process):
        raise StoreUnavailable(
            "`procura up` is just starting and has not said who it is.", todo="try again in a moment."
        )
    began = now()
    os.kill(state.pid, signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    while left := _left(state.pid if is_held(settings) else None, state):
        if time.monotonic() > end:
            raise StoreUnavailable(
                f"process {left[0]} has not ended after {STOP_SECONDS} s.", todo="see logs/up.log in the home."
            )
        time.sleep(0.1)
    seconds = round((now() - began).total_seconds(), 1)
    print_json({"stopped": True, "seconds": seconds}) if as_json else print(f"Everything has ended ({seconds} s).")


def _left(holder: int | None, state: UpState) -> list[int]:
    """Return who has not ended yet: who holds the home, and those it started, should it have been killed meanwhile."""
    children = [child.pid for child in state.processes.values() if is_alive(child.process)]
    return ([] if holder is None else [holder]) + children
