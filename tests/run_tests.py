"""`make test` and the tests of `make check`: choose what runs here, and say loudly what is left out and why."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.browsers import HOW_TO_INSTALL, find_browser

ROOT = Path(__file__).resolve().parent.parent
FAST = "not slow and not browser and not flow and not thorough"
WHOLE = "not slow"
LINE = "=" * 100


def offer_browser() -> bool:
    """Say that no browser was found; on a terminal as root on Debian offer to install one. True when there is one now."""
    print(LINE, "NO BROWSER FOUND: every browser test is left out.", f"Install one: {HOW_TO_INSTALL}", LINE, sep="\n")
    if not (sys.stdin.isatty() and os.geteuid() == 0 and Path("/usr/bin/apt-get").exists()):
        return False
    if input("Install chromium with apt-get now? [y/N] ").strip().lower() != "y":
        return False
    subprocess.run(["/usr/bin/apt-get", "install", "-y", "chromium"], check=True)
    return find_browser() is not None


def main(arguments: Sequence[str]) -> int:
    """Run pytest on two processes; further arguments are pytest's."""
    check = "--check" in arguments
    rest = [word for word in arguments if word != "--check"]
    selection = FAST if check else WHOLE
    missing_browser = not check and find_browser() is None and not offer_browser()
    if missing_browser:
        selection += " and not browser"
    shared = ROOT.parent / "shared"
    if not shared.is_dir():
        print(LINE, "../shared IS ABSENT: the cases on real records are skipped; each is named below.", LINE, sep="\n")
    command = [sys.executable, "-m", "pytest", "-m", selection, "-n", "2", "--dist", "loadfile", "-q", *rest]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if missing_browser:
        print(LINE, "LEFT OUT: tests/browser (no browser).", f"Install one: {HOW_TO_INSTALL}", LINE, sep="\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
