"""One life of `up`: from the lock on the home to the last process ended.

The story: hold the home, take the ports, end what an earlier life left, PostgreSQL and the stores, the first account, the
app (people can look at once), Dagster's store, a run beside Dagster's three processes, then keep all alive; and the same
backwards. Not here: the programs (children.py), restarting them (supervisor.py).
"""

import json
import os
import sys
import time
from contextlib import ExitStack, suppress
from datetime import UTC
from pathlib import Path

from cli.app_address import app_answers, app_url
from cli.children import app_program, audit_program, dagster_programs, dagster_store_program, run_program
from cli.leftovers import end_leftovers
from cli.ports import LOOPBACK, choose_port
from cli.state import ProcessState, UpState, hold_home, write_state
from cli.stop_signal import StopSignal
from cli.supervisor import Supervisor
from pipelines.administration.https import check_serving
from pipelines.administration.processes import process_name
from warehouse.clock import now
from warehouse.errors import StoreUnavailable
from warehouse.ledger.store import close_ledgers, open_ledger
from warehouse.logs import open_output
from warehouse.redaction import redact_text
from warehouse.server import EmbeddedServer
from warehouse.settings import Settings
from warehouse.stores import make_home, own_server

STEP_SECONDS = 0.2
SLOW_START_SECONDS = 60
SERVER_ATTEMPTS = 5
INTERRUPTED = 130
RUN = "first-run"
"""The run of each start: it takes what was dropped or published meanwhile."""
KEPT_ALIVE = ["app", "audit", "code", "daemon", "web"]


class Serving:
    """Everything of one home, started in a safe order and ended in the opposite one."""

    def __init__(self, settings: Settings, dagster_key: str | None = None) -> None:
        make_home(settings)
        self.settings = settings
        self._dagster_key = dagster_key
        self._stop = StopSignal()
        self._began = time.monotonic()
        self._server: EmbeddedServer | None = None
        self._server_was_mended = False
        self._runs_left = 2
        self._children = Supervisor(settings, self._say)
        self._state = UpState(
            pid=os.getpid(), process=process_name(), started_at=now().isoformat(timespec="seconds"), phase="starting",
            home=str(settings.resolved_home), as_of=settings.as_of.astimezone(UTC).isoformat() if settings.as_of else None,
        )  # fmt: skip

    def run_once(self) -> int:
        """Prepare everything, run the main job once, end everything; the exit code says how the run went."""
        with ExitStack() as stack:
            stack.enter_context(hold_home(self.settings))
            self._open(stack)
            if self._stop.is_set():
                return INTERRUPTED
            self._children.run_to_end(dagster_store_program(), self._stop.is_set)
            self._children.start(audit_program())
            self._children.start(run_program(RUN))
            self._write_state("running once")
            while not self._stop.is_set() and not self._children.children[RUN].is_dead:
                time.sleep(STEP_SECONDS)
            return INTERRUPTED if self._stop.is_set() else self._end_run()

    def serve(self) -> int:
        """Start everything and keep it alive until the end is asked for; 0 after an orderly end."""
        check_serving(self.settings, at=now())
        with ExitStack() as stack:
            stack.enter_context(hold_home(self.settings))
            ports = (
                choose_port(self.settings.app_port, "PROCURA_APP_PORT", self.settings.app_host),
                choose_port(self.settings.dagster_port, "PROCURA_DAGSTER_PORT"),
            )
            self._open(stack)
            if not self._stop.is_set():
                self._start_all(*ports)
            while not self._stop.is_set():
                self._look_after()
                time.sleep(STEP_SECONDS)
        self._say(f"Everything has ended ({self._seconds()} s after the start).")
        return 0

    def _open(self, stack: ExitStack) -> None:
        self._write_state("starting")
        ended = end_leftovers(self.settings)
        if ended:
            self._say(f"Ended {ended} processes that an earlier start had left behind.")
        self._server = stack.enter_context(own_server(self.settings))
        stack.callback(self._stop_children)
        self._ensure_first_account()
        self._tell_vault_faults()

    def _start_all(self, app_port: int, dagster_port: int) -> None:
        self._children.start(app_program(self.settings, app_port))
        self._children.start(audit_program())
        self._state.app_url = app_url(self.settings, app_port)
        self._write_state("starting")
        self._wait_for_app(app_port)
        self._print_address("App", self._state.app_url)
        self._print_address("Home", self._state.home)
        self._children.run_to_end(dagster_store_program(), self._stop.is_set)
        if self._stop.is_set():
            return
        self._children.start(run_program(RUN))
        self._say("Looking for notices; the pages fill as they come. Ctrl-C ends everything.")
        self._start_dagster(dagster_port)

    def _start_dagster(self, port: int) -> None:
        code, *others = dagster_programs(self.settings, port, self._write_key())
        self._children.start(code)
        self._write_state("serving")
        # The other two ask the code server at once, and complain at length when it is not there yet.
        end = time.monotonic() + SLOW_START_SECONDS
        while code.leaves is not None and not code.leaves.exists() and not self._stop.is_set():
            if self._children.children["code"].is_dead or time.monotonic() > end:
                self._say("Dagster's code server is slow; see logs/code.log.")
                break
            time.sleep(0.1)
        for program in [] if self._stop.is_set() else others:
            self._children.start(program)
        self._state.dagster_url = f"http://{LOOPBACK}:{port}" + (
            f"/?key={self._dagster_key}" if self._dagster_key else ""
        )
        self._print_address("Dagster", self._state.dagster_url + ("" if self._dagster_key else "  (to look at)"))
        self._write_state("serving")

    def _wait_for_app(self, port: int) -> None:
        end = time.monotonic() + SLOW_START_SECONDS
        while not self._stop.is_set() and not app_answers(self.settings, port):
            if self._children.children["app"].is_dead:
                raise StoreUnavailable(
                    f"the app does not start: {self._children.last_words('app')}", todo="read logs/app.log."
                )
            if time.monotonic() > end:
                self._say("The app is slow to answer; see logs/app.log.")
                return
            time.sleep(0.05)

    def _look_after(self) -> None:
        changed = self._mend_server()
        changed |= self._children.revive(KEPT_ALIVE, before=self._clear_away)
        run = self._children.children.get(RUN)
        if run is not None and run.is_dead:
            self._end_run()
            changed = True
        if changed:
            with suppress(OSError):  # a full disk: who looks at the pages goes on looking
                self._write_state("serving")

    def _mend_server(self) -> bool:
        if self._server is None or self._server.is_alive:
            return False
        self._say("PostgreSQL ended; starting it again.")
        for attempt in range(SERVER_ATTEMPTS):
            # Killed outright, its own children hold its memory for a moment, and the first attempts are refused.
            try:
                self._server.start()
            except StoreUnavailable:
                if attempt == SERVER_ATTEMPTS - 1 or self._stop.is_set():
                    raise
                time.sleep(2**attempt)
            else:
                break
        self._server_was_mended = True
        return True

    def _clear_away(self, name: str) -> None:
        if name != "code":
            return
        # Its runs would work on unseen, and Dagster does not notice that a started run is gone.
        self._children.end_session(self._children.children["code"].process.pid)
        try:
            self._children.run_to_end(dagster_store_program(), self._stop.is_set)
        except StoreUnavailable as error:
            self._say(str(error))  # the sensor settles them as well, once it runs again

    def _end_run(self) -> int:
        """Tell how the run went, give the demo its people where it is one, and return the run's exit code."""
        words = self._children.last_words(RUN)
        code = self._children.stop(RUN)
        if code == 0:
            told = json.loads(words)
            self._say(f"{told['open']:,} open opportunities, {told['scored']:,} newly scored ({told['seconds']} s).")
            self._ensure_demo_people()
        elif self._runs_left and (code < 0 or self._server_was_mended):
            self._runs_left -= 1
            self._server_was_mended = False
            self._say("The run was cut off; it begins again where it was.")
            self._children.start(run_program(RUN))
        else:
            self._say(f"The run did not end well; the next one goes on where it was. See logs/{RUN}.log.\n{words}")
        return code

    def _ensure_first_account(self) -> None:
        from pipelines.administration.people import ensure_first_admin

        password = ensure_first_admin(open_ledger("procura_app"), self.settings, at=now())
        close_ledgers()  # its pool's threads must not be there when children are started
        if password is not None:
            self._print_secret(f"First sign-in: {self.settings.admin_email}  {password}   (shown only now)")

    def _tell_vault_faults(self) -> None:
        """A lost master key must not be found out by the first run that needs it."""
        from pipelines.administration.vault_rotation import LOST_KEY_TODO, vault_faults

        self._state.faults = vault_faults(open_ledger("procura_app"), self.settings)
        close_ledgers()
        for fault in self._state.faults:
            self._say(f"FAULT: {fault}")
        if self._state.faults:
            self._say(f"  To do: {LOST_KEY_TODO}.")

    def _ensure_demo_people(self) -> None:
        from pipelines.administration.people import ensure_demo_people

        people = ensure_demo_people(open_ledger("procura_app"), at=now())
        close_ledgers()
        if people:
            self._print_secret("The notices are a demonstration. People to try it with (shown only now):")
        for email, password in people:
            self._print_secret(f"  {email}  {password}")

    def _write_key(self) -> Path | None:
        if self._dagster_key is None:
            return None
        path = self.settings.secrets / "dagster.key"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
            handle.write(self._dagster_key)
        return path

    def _stop_children(self) -> None:
        self._say("Ending everything.")
        with suppress(OSError):
            self._write_state("ending")
        # Runs first: they hold transactions; then who looks; then who starts runs; who signs the log after all of them; the
        # server last, by its own context.
        for group in ((RUN, "dagster-store"), ("app",), ("daemon", "web"), ("code",), ("audit",)):
            self._children.stop(*group)

    def _write_state(self, phase: str) -> None:
        self._state.phase = phase
        self._state.processes = {name: child.state for name, child in self._children.children.items()}
        if self._server is not None and self._server.process is not None:
            pid = self._server.process.pid
            self._state.processes["postgres"] = ProcessState(pid, process_name(pid), self._state.started_at)
        write_state(self.settings, self._state)

    def _seconds(self) -> float:
        return round(time.monotonic() - self._began, 1)

    def _say(self, text: str) -> None:
        _to_terminal(text)
        # A full disk must not end what it tells of.
        with suppress(OSError), open_output(self.settings.logs / "up.log") as log:
            log.write(redact_text(f"{now().isoformat(timespec='seconds')} {text}\n").encode())

    def _print_address(self, what: str, where: str) -> None:
        _to_terminal(f"  {what:<9}{where}")

    @staticmethod
    def _print_secret(text: str) -> None:
        """Print on the terminal only: no log keeps a password."""
        _to_terminal(text)


def _to_terminal(text: str) -> None:
    """Print a line; where the terminal was closed or nobody reads the pipe any more, everything goes on without it."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
