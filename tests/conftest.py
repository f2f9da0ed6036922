"""What every test may use: a fresh home with real stores, the folder of real records."""

import shutil
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from warehouse import settings as settings_module
from warehouse.lake.connection import close_lakes
from warehouse.ledger.store import close_ledgers
from warehouse.settings import ROOT, Settings
from warehouse.stores import open_stores

SHARED = ROOT.parent / "shared"
# A test with a clock fails on a busy machine: no example has a time limit.
hypothesis.settings.register_profile("procura", deadline=None)
hypothesis.settings.load_profile("procura")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark by folder, and name the cases that are left out because the real records are not beside the project."""
    for item in items:
        folder = item.path.relative_to(ROOT).parts[1]
        if folder in {"browser", "flows"}:
            item.add_marker("browser" if folder == "browser" else "flow")
    if not SHARED.is_dir():
        for item in items:
            if item.get_closest_marker("shared"):
                item.add_marker(pytest.mark.skip(reason="../shared is absent: no real records to test on"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--browser-required`: a skipped browser test fails the run (continuous integration has a browser)."""
    parser.addoption("--browser-required", action="store_true", help="fail when a browser test is skipped")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped browser test into a failure where a browser is required."""
    report = yield
    if report.skipped and item.get_closest_marker("browser") and item.config.getoption("--browser-required"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped although a browser is required: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """Streamlit's tests of pages leave their script behind as the main module, which a spawned process would then run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real records; the test must carry the mark `shared`."""
    if not SHARED.is_dir():
        pytest.skip("../shared is absent: no real records to test on")
    return SHARED / "data"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The settings of a fresh, empty home; the environment of the module's tests and their children names it."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROCURA_HOME", str(home))
        patch.setenv("PROCURA_OFFLINE", "1")
        patch.setenv("PROCURA_APP_PORT", "0")
        patch.setenv("PROCURA_DAGSTER_PORT", "0")
        for name in ("PROCURA_AS_OF", "PROCURA_DATABASE_URL", "PROCURA_LAKE_PATH"):
            patch.delenv(name, raising=False)
        settings_module.current.cache_clear()
        yield settings_module.current()
    settings_module.current.cache_clear()
    shutil.rmtree(home, ignore_errors=True)  # hundreds of homes of 80 MB would fill a disk, and memory sooner


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose stores were made once and stopped: each module starts from a copy, which takes a tenth of the time."""
    folder = tmp_path_factory.mktemp("made") / "home"
    with open_stores(Settings(home=folder)):
        pass
    return folder


@pytest.fixture(scope="module")
def home(settings: Settings, made_home: Path) -> Iterator[Settings]:
    """The module's home with running, migrated, empty stores."""
    shutil.copytree(made_home, settings.resolved_home, dirs_exist_ok=True)
    with open_stores(settings):
        yield settings
    close_ledgers()
    close_lakes()


@pytest.fixture
def own_home(settings: Settings, made_home: Path) -> Settings:
    """A home whose stores are stopped."""
    shutil.rmtree(settings.resolved_home, ignore_errors=True)
    shutil.copytree(made_home, settings.resolved_home)
    return settings
