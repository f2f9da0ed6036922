"""Ends what an earlier `up` of this home left behind when it was killed: runs that outlived their code server.

Called with the home's lock held, so nobody of a living `up` is touched. PostgreSQL is no business of this file: its
server ends by itself and is waited for (warehouse/server.py).
"""

import os
import signal
import time

from cli.state import ProcessState, read_state
from pipelines.administration.processes import process_name, processes_of_session
from warehouse.settings import Settings

PATIENCE_SECONDS = 3.0
NOT_OURS = {"postgres"}


def end_leftovers(settings: Settings) -> int:
    """End the remaining processes of the sessions named in run/up.json and return how many there were."""
    state = read_state(settings)
    if state is None:
        return 0
    sessions = [child.pid for name, child in state.processes.items() if name not in NOT_OURS and _is_same(child)]
    first = _living(sessions, settings)
    _signal(first, signal.SIGTERM)
    end = time.monotonic() + PATIENCE_SECONDS
    while _living(sessions, settings) and time.monotonic() < end:
        time.sleep(0.1)
    _signal(_living(sessions, settings), signal.SIGKILL)
    return len(first)


def _is_same(child: ProcessState) -> bool:
    """Say whether the session is still the one written down: its first process is that one, or is gone."""
    return process_name(child.pid) in {"", child.process}


def _living(sessions: list[int], settings: Settings) -> list[int]:
    return [pid for session in sessions for pid in processes_of_session(session, settings.resolved_home)]


def _signal(pids: list[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
