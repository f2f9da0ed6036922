import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from warehouse.addresses import conninfo
from warehouse.errors import StoreUnavailable
from warehouse.ordinary_user import Way, find_way, leave_root, own
from warehouse.server import EmbeddedServer
from warehouse.settings import Settings
from warehouse.stores import make_home, open_stores

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


def allowed(way: Way) -> Way:
    """Return the way where this machine allows it; containers forbid namespaces, others the rest."""
    try:
        subprocess.run(["/bin/true"], preexec_fn=leave_root(way), check=True)
    except (subprocess.SubprocessError, OSError):
        pytest.skip(f"this machine does not allow root {way.value}")
    return way


@pytest.mark.skipif(os.geteuid() == 0, reason="this run is root's")
def test_an_ordinary_user_stays_who_he_is() -> None:
    assert find_way() is Way.STAYS


@as_root
@pytest.mark.parametrize("way", [Way.NAMESPACE, Way.OTHER_USER])
def test_the_child_is_not_root_and_still_reads_roots_private_folder(tmp_path: Path, way: Way) -> None:
    (tmp_path / "private").mkdir(mode=0o700)
    (tmp_path / "private" / "note").write_text("read")
    done = subprocess.run(
        [sys.executable, "-I", "-c", "import os, sys; print(os.geteuid() != 0, open(sys.argv[1]).read())",
         tmp_path / "private" / "note"],
        preexec_fn=leave_root(allowed(way)), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["True", "read"]


@as_root
def test_the_other_user_keeps_nothing_but_the_right_to_pass_folders() -> None:
    way = allowed(Way.OTHER_USER)
    done = subprocess.run(
        [sys.executable, "-I", "-c", "print(open('/proc/self/status').read())"],
        preexec_fn=leave_root(way), capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = dict(line.split(":\t", 1) for line in done.stdout.splitlines() if ":\t" in line)
    dac_override_and_read_search = 0b110
    for name in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
        assert int(told[name], 16) & ~dac_override_and_read_search == 0, name
    assert told["Groups"].strip() == ""


@as_root
@pytest.mark.thorough
def test_a_home_goes_on_when_the_machine_allows_another_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path / "home")
    for way in (Way.OTHER_USER, Way.NAMESPACE, Way.OTHER_USER):
        allowed(way)
        monkeypatch.setattr("warehouse.server.find_way", lambda way=way: way)
        with open_stores(settings):
            assert conninfo("procura_app", settings=settings)
        for folder in (settings.resolved_home, settings.postgres_data, settings.secrets):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
        owner = settings.postgres_data.stat().st_uid
        assert (owner == 0) is (way is Way.NAMESPACE)
        assert {file.lstat().st_uid for file in settings.postgres_data.rglob("*")} == {owner}


@as_root
def test_a_half_changed_owner_is_finished_at_the_next_start(tmp_path: Path) -> None:
    way = allowed(Way.OTHER_USER)
    folder = tmp_path / "data"
    (folder / "inside").mkdir(parents=True)
    (folder / "inside" / "file").touch()
    own(folder, way)
    assert folder.stat().st_uid == (folder / "inside" / "file").stat().st_uid != 0
    os.chown(folder, 0, 0)  # as a kill before the last step leaves it
    (folder / "inside" / "later").touch()
    own(folder, way)
    assert {place.stat().st_uid for place in (folder, *folder.rglob("*"))} == {folder.stat().st_uid}


@as_root
def test_where_root_may_become_nobody_else_it_is_said_and_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> None:
        raise OSError(1, "the kernel refuses it")

    monkeypatch.setattr("warehouse.ordinary_user.leave_root", lambda way: refused)
    settings = Settings(home=tmp_path / "home")
    make_home(settings)
    with pytest.raises(StoreUnavailable, match="refuses to run as root") as caught:
        EmbeddedServer(settings).start()
    assert "PROCURA_DATABASE_URL" in caught.value.todo
    assert not settings.postgres_data.exists()
