"""PROCURA_DATABASE_URL: a server that is not there is told clearly; a second real server serves as well as our own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.conftest import Product
from warehouse.addresses import passwords, socket_folder
from warehouse.server import EmbeddedServer
from warehouse.settings import Settings
from warehouse.stores import make_home

pytestmark = pytest.mark.flow


@pytest.mark.parametrize("command", [["run", "--json"], ["up", "--no-serve"], ["sql", "select 1"]])
def test_missing_database_is_a_clear_message(product: Product, command: list[str]) -> None:
    product.environment["PROCURA_DATABASE_URL"] = "postgresql://somebody:hidden@127.0.0.1:9/procura"
    done = product.run(*command)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("StoreUnavailable: PostgreSQL does not answer")
    assert "PROCURA_DATABASE_URL" in done.stderr
    assert "hidden" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def second_server(tmp_path: Path) -> Iterator[str]:
    """The address of a PostgreSQL that is not the product's own."""
    settings = Settings(home=tmp_path / "server")
    make_home(settings)
    server = EmbeddedServer(settings)
    server.start()
    yield f"postgresql://postgres:{passwords(settings)['postgres']}@/firm?host={socket_folder(settings)}"
    server.stop()


@pytest.mark.slow
def test_another_server_serves_as_well(product: Product, inbox: Path, second_server: str) -> None:
    product.environment["PROCURA_DATABASE_URL"] = second_server
    told = product.json("run", "--inbox", str(inbox), "--json")
    assert (told["versions"], told["open"], told["scored"]) == (40, 40, 40)
    assert product.json("run", "--inbox", str(inbox), "--json")["versions"] == 0
    assert not (product.home / "postgres").exists()
    product.up()
    product.wait_until_serving()
    assert product.stop() == 0
    assert product.tree() == []
