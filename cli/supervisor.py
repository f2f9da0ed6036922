"""Keeps children alive: starts them, restarts the dead with growing pauses, ends them in order.

Children are started from the main thread only (their parent-death signal follows the thread), each in a session of its
own, so that Ctrl-C reaches nobody but `up`. Not here: which programs there are (children.py), the story (up.py).
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cli.children import Program, child_environment
from cli.state import ProcessState
from pipelines.administration.processes import process_name, processes_of_session
from warehouse.clock import now
from warehouse.errors import DiskFull, StoreUnavailable
from warehouse.logs import bound_outputs, open_output
from warehouse.server import die_with_parent
from warehouse.settings import ROOT, Settings

LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""A child that lived this long has recovered: its next death is again the first."""
BETWEEN_LOOKS_SECONDS = 30.0
"""Between two looks at how large the children's logs have grown."""
NO_ROOM_BYTES = 64 * 1024
WORDS_BYTES = 2_000
"""Of a program's last words; a message of ours takes some three lines."""


@dataclass
class Child:
    """One running program and its history."""

    program: Program
    process: subprocess.Popen[bytes]
    state: ProcessState
    began: float
    quick_deaths: int = 0
    due: float | None = field(default=None)

    @property
    def is_dead(self) -> bool:
        """Say whether the program has ended."""
        return self.process.poll() is not None


class Supervisor:
    """The children of one `up`."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self.children: dict[str, Child] = {}
        self._settings = settings
        self._say = say
        self._environment = child_environment(settings)
        self._said_before: dict[str, int] = {}
        self._outputs_bounded_at = 0.0

    def start(self, program: Program) -> None:
        """Start a program and keep it in mind under its name."""
        self.children[program.name] = self._spawn(program)

    def run_to_end(self, program: Program, is_stopping: Callable[[], bool]) -> None:
        """Run a program and wait for it, unless everything is to stop.

        Raises:
            StoreUnavailable: it ended with an error; its log says why.
        """
        self.start(program)
        while not self.children[program.name].is_dead and not is_stopping():
            time.sleep(0.05)
        code = self.stop(program.name)
        if code and not is_stopping():
            raise StoreUnavailable(
                f"{program.name} ended with code {code}: {self.last_words(program.name)}",
                kept="everything that was there before.",
                todo=f"read logs/{program.name}.log in the home.",
            )

    def revive(self, names: list[str], before: Callable[[str], None]) -> bool:
        """Start again what has died, after a pause that doubles while it dies quickly; say whether anything changed.

        Args:
            names: The children that must live.
            before: Called with the name right before a restart, to clear away what the dead one left.
        """
        self._bound_outputs()
        changed = False
        for name in names:
            child = self.children[name]
            if child.is_dead and child.due is None:
                self._plan_restart(child)
                changed = True
            elif child.due is not None and time.monotonic() >= child.due:
                before(name)
                fresh = self._spawn(child.program, restarts=child.state.restarts + 1)
                fresh.quick_deaths = child.quick_deaths
                self.children[name] = fresh
                changed = True
        return changed

    def stop(self, *names: str) -> int:
        """End children together, each within its patience; return the last one's exit code.

        The signal goes to the whole session: a code server waits for its runs, so its runs are asked as well.
        """
        going = [self.children.pop(name) for name in names if name in self.children]
        for child in going:
            self._signal(child, signal.SIGTERM)
        code = 0
        for child in going:
            try:
                code = child.process.wait(child.program.patience)
            except subprocess.TimeoutExpired:
                self._say(f"{child.program.name} does not stop by itself; it is ended.")
                self._signal(child, signal.SIGKILL)
            self.end_session(child.process.pid)
            code = child.process.wait()
        return code

    def end_session(self, session: int) -> None:
        """Kill whatever of a session still lives: its first process may be gone while a run of it works on."""
        for pid in processes_of_session(session, self._settings.resolved_home):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def last_words(self, name: str) -> str:
        """Return the last thing that a program's latest start said: the last unindented line and what hangs on it."""
        try:
            with (self._settings.logs / f"{name}.log").open("rb") as log:
                size = log.seek(0, os.SEEK_END)
                before = self._said_before.get(name, 0)
                log.seek(max(before if before <= size else 0, size - WORDS_BYTES))
                lines = log.read().decode(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        if lines:
            first = max((n for n, line in enumerate(lines) if line[:1].strip()), default=0)
            return "\n".join(lines[first:])
        if shutil.disk_usage(self._settings.resolved_home).free < NO_ROOM_BYTES:
            full = "the disk is full, so that nothing could be written down."
            return str(DiskFull(full, kept="what was finished before.", todo="free some space and repeat."))
        return "it wrote nothing"

    def _spawn(self, program: Program, restarts: int = 0) -> Child:
        if program.leaves is not None:
            program.leaves.unlink(missing_ok=True)
        with open_output(self._settings.logs / f"{program.name}.log") as log:
            self._said_before[program.name] = log.seek(0, os.SEEK_END)
            process = subprocess.Popen(
                program.arguments, env=self._environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - no pool's threads live here then
            )  # fmt: skip
        state = ProcessState(process.pid, process_name(process.pid), now().isoformat(timespec="seconds"), restarts)
        return Child(program, process, state, time.monotonic())

    def _bound_outputs(self) -> None:
        if time.monotonic() - self._outputs_bounded_at >= BETWEEN_LOOKS_SECONDS:
            self._outputs_bounded_at = time.monotonic()
            bound_outputs(self._settings)

    def _plan_restart(self, child: Child) -> None:
        quick = time.monotonic() - child.began < STEADY_SECONDS
        child.quick_deaths = child.quick_deaths + 1 if quick else 1
        pause = min(LONGEST_PAUSE_SECONDS, 0.25 * 2**child.quick_deaths)
        child.due = time.monotonic() + pause
        self._say(f"{child.program.name} ended (code {child.process.returncode}); again in {pause:g} s.")

    @staticmethod
    def _signal(child: Child, number: int) -> None:
        try:
            os.killpg(child.process.pid, number)
        except ProcessLookupError:
            return
