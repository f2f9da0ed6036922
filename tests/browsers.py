"""Find a browser for the tests: PROCURA_CHROMIUM, the PATH, Playwright's own."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO_INSTALL = (
    "apt-get install chromium (Debian), brew install --cask chromium (macOS), or: .venv/bin/playwright install chromium"
)


def find_browser() -> Path | None:
    """Return the executable, or None when this machine has none.

    Raises:
        FileNotFoundError: PROCURA_CHROMIUM names a file that is not there.
    """
    named = os.environ.get("PROCURA_CHROMIUM")
    if named:
        if not os.access(named, os.X_OK):
            raise FileNotFoundError(f"PROCURA_CHROMIUM names {named}, which cannot be run")
        return Path(named)
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    caches = [Path.home() / ".cache/ms-playwright", Path.home() / "Library/Caches/ms-playwright"]
    own = [
        path
        for cache in caches
        for pattern in ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*/Contents/MacOS/*")
        for path in cache.glob(pattern)
    ]
    return sorted(own)[-1] if own else None
