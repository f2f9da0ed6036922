"""`make test`, `make soak` and the tests of `make check`: choose what runs here, and say loudly what is left out and why."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipelines.submission.browser.home import HOW_TO_INSTALL, find_browser

ROOT = Path(__file__).resolve().parent.parent
FAST = "not slow and not browser and not flow and not thorough"
WHOLE = "not slow"
LONG = "slow"
LINE = "=" * 100
ORDER = ("--dist", "loadfile", "--no-loadscope-reorder")
"""Files as the tree has them: sorted by their number of tests, flows (few and long) would come last, one worker alone."""
WORKERS = min(8, (os.cpu_count() or 2) + 1)
"""One more than there are cores: flows wait for servers a third of their time."""

TOGETHER_WITH_OTHERS = ("tests/browser/", "tests/flows/", "tests/pipelines/submission/browser/")
"""Tests that wait for a browser or for servers which share two cores with the other tests."""
MOST_AGAIN = 3

ROOM_BYTES = 6 * 1024**3
"""What must be free in memory: homes of 80 MB each, removed as a file of tests ends, and the browsers."""


def offer_browser() -> bool:
    """Say that no browser was found; on a terminal as root on Debian offer to install one. True when there is one now."""
    print(LINE, "NO BROWSER FOUND: every browser test is left out.", f"Install one: {HOW_TO_INSTALL}", LINE, sep="\n")
    if not (sys.stdin.isatty() and os.geteuid() == 0 and Path("/usr/bin/apt-get").exists()):
        return False
    if input("Install chromium with apt-get now? [y/N] ").strip().lower() != "y":
        return False
    subprocess.run(["/usr/bin/apt-get", "install", "-y", "chromium-headless-shell"], check=True)
    return find_browser() is not None


@contextmanager
def stores_in_memory() -> Iterator[list[str]]:
    """Give pytest's argument for a folder in memory where there is room: on a disk PostgreSQL's syncs are half of the time."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or min(shutil.disk_usage(memory).free, _free_memory()) < ROOM_BYTES:
        yield []
        return
    folder = memory / f"procura-tests-{os.getpid()}"
    try:
        yield [f"--basetemp={folder}"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_memory() -> int:
    with open("/proc/meminfo", encoding="ascii") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def failed_beside_others() -> list[str]:
    """Return the tests that failed just now, if they are few and each of them waits for other programs; else none."""
    try:
        failed: list[str] = list(json.loads((ROOT / ".pytest_cache/v/cache/lastfailed").read_text("utf-8")))
    except (OSError, ValueError):
        return []
    return failed if len(failed) <= MOST_AGAIN and all(one.startswith(TOGETHER_WITH_OTHERS) for one in failed) else []


def once_more_alone(command: Sequence[str], failed: Sequence[str]) -> int:
    """Run the few again with the machine to themselves, and say which are unsteady: a fault to be found, not to be hidden."""
    print(LINE, "FAILED BESIDE OTHER TESTS, now once more alone:", *failed, LINE, sep="\n", flush=True)
    code = subprocess.run([*command, *failed], cwd=ROOT, check=False).returncode
    verdict = "FAILED AGAIN" if code else "UNSTEADY, passed alone: find out why before the next change"
    print(LINE, f"{verdict}:", *failed, LINE, sep="\n", flush=True)
    return code


def main(arguments: Sequence[str]) -> int:
    """Run pytest on several processes, the long campaigns on one; further arguments are pytest's.

    With --again-alone (for continuous integration) a red run of few tests that wait for other programs gets a second look.
    """
    # Started in the background it is deaf to Ctrl-C, and so would be every process that a test starts and ends.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    check, soak, again = (word in arguments for word in ("--check", "--soak", "--again-alone"))
    rest = [word for word in arguments if word not in ("--check", "--soak", "--again-alone")]
    selection = FAST if check else LONG if soak else WHOLE
    missing_browser = not check and not soak and find_browser() is None and not offer_browser()
    if missing_browser:
        selection += " and not browser"
    shared = ROOT.parent / "shared"
    if not shared.is_dir():
        print(LINE, "../shared IS ABSENT: the cases on real records are skipped; each is named below.", LINE, sep="\n")
    with stores_in_memory() as where:
        several = [] if soak else ["-n", str(WORKERS), *ORDER]
        pytest = [sys.executable, "-m", "pytest", "-m", selection]
        code = subprocess.run([*pytest, *several, *where, "-q", *rest], cwd=ROOT, check=False).returncode
        if again and code == 1 and (failed := failed_beside_others()):
            code = once_more_alone([*pytest, *where, "-q", *rest], failed)
    if missing_browser:
        print(LINE, "LEFT OUT: tests/browser (no browser).", f"Install one: {HOW_TO_INSTALL}", LINE, sep="\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
