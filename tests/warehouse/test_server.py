import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from warehouse.addresses import conninfo, socket_folder, superuser_conninfo
from warehouse.errors import AlreadyRunning, StoreUnavailable
from warehouse.server import EmbeddedServer
from warehouse.settings import Settings
from warehouse.stores import make_home, open_stores, own_server

pytestmark = pytest.mark.thorough


def count_profiles(settings: Settings) -> int:
    with psycopg.connect(make_conninfo("", **conninfo("procura_app", settings=settings))) as connection:
        row = connection.execute("select count(*) from profiles").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("name", ["plain", "with spaces, 'quotes' & é", "long-" + "x" * 120])
def test_a_home_of_any_name_works_and_only_its_owner_may_enter(tmp_path: Path, name: str) -> None:
    settings = Settings(home=tmp_path / name)
    before = stat.S_IMODE(tmp_path.stat().st_mode)
    with open_stores(settings):
        assert count_profiles(settings) == 0
    assert stat.S_IMODE(tmp_path.stat().st_mode) == before
    for folder in (settings.resolved_home, settings.postgres_data, settings.secrets, socket_folder(settings)):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_a_moved_home_keeps_its_data_and_its_lake(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from warehouse.settings import Settings; from warehouse import settings as s;"
        "from warehouse.stores import open_stores; from warehouse.lake.connection import open_lake\n"
        "with open_stores(s.current()):\n"
        "    open_lake().write(lambda c: c.execute(\"insert into core.opportunity_aliases values ('a', 'b')\").fetchall())\n"
        "    print(len(open_lake('procura_analyst', read_only=True).cursor().execute('from core.opportunity_aliases').fetchall()))\n"
    )
    answers = []
    for home in (tmp_path / "old place", tmp_path / "new"):
        if answers:
            (tmp_path / "old place").rename(home)
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PROCURA_HOME": str(home)},
            capture_output=True,
            text=True,
            check=True,
        )
        answers.append(done.stdout.strip())
    assert answers == ["1", "2"]


def test_only_one_process_owns_the_server_of_a_home_and_others_use_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    with own_server(settings) as server:
        assert server is not None
        assert server.is_alive
        with pytest.raises(AlreadyRunning), own_server(settings):
            pass
        with open_stores(settings):
            assert count_profiles(settings) == 0
        assert server.is_alive, "a guest must not stop the owner's server"
    assert not server.is_alive


def test_killing_the_owner_takes_the_server_with_it_and_the_next_start_recovers(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    program = (
        "import time; from warehouse import settings as s; from warehouse.stores import own_server\n"
        "with own_server(s.current()) as server:\n    print(server.process.pid, flush=True)\n    time.sleep(600)\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PROCURA_HOME": str(tmp_path / "home")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    server = psutil.Process(int(owner.stdout.readline()))
    owner.kill()
    owner.wait()
    server.wait(30)
    with open_stores(settings):
        assert count_profiles(settings) == 0


@pytest.mark.parametrize("pause", [0.0, 0.05, 0.1])
def test_a_server_that_recovers_from_a_killed_backend_ends_without_delay_and_loses_nothing(
    tmp_path: Path, pause: float
) -> None:
    settings = Settings(home=tmp_path / "home")
    make_home(settings)
    server = EmbeddedServer(settings)
    server.start()
    entrance = make_conninfo("", **(superuser_conninfo(settings) | {"dbname": "postgres"}))
    with psycopg.connect(entrance, autocommit=True) as connection:
        connection.execute("create table kept as select repeat('x', 500) as text from generate_series(1, 100000)")
        os.kill(connection.info.backend_pid, signal.SIGKILL)
    time.sleep(pause)  # it is found dead, then the log is read again
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 20
    server.start()
    with psycopg.connect(entrance) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (100_000,)
    server.stop()


def test_damaged_data_is_told_with_the_logs_last_lines_and_left_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    with open_stores(settings):
        pass
    control = settings.postgres_data / "global" / "pg_control"
    control.write_bytes(b"rubbish")
    with pytest.raises(StoreUnavailable, match="pg_control"), open_stores(settings):
        pass
    assert control.read_bytes() == b"rubbish"


def test_an_unreachable_database_address_is_told_without_its_password(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", database_url="postgresql://me:canary-password@127.0.0.1:1/procura")
    with pytest.raises(StoreUnavailable) as caught, open_stores(settings):
        pass
    assert "canary-password" not in str(caught.value)
    assert "PROCURA_DATABASE_URL" in str(caught.value)


def test_a_second_home_can_live_on_the_database_server_of_another_by_its_address(tmp_path: Path) -> None:
    server_home = Settings(home=tmp_path / "server")
    with open_stores(server_home):
        where = superuser_conninfo(server_home)
        url = f"postgresql://{where['user']}:{where['password']}@/elsewhere?host={where['host']}"
        guest = Settings(home=tmp_path / "guest", database_url=url)
        with open_stores(guest):
            assert count_profiles(guest) == 0
            assert conninfo("procura_app", settings=guest)["dbname"] == "elsewhere"
            assert conninfo("procura_dagster", "dagster", settings=guest)["dbname"] == "elsewhere_dagster"
    assert not (guest.resolved_home / "postgres").exists()
