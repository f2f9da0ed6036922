"""(f) The second `procura up` of a home: until the app and Dagster answer."""

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import RUNS, Figure, seconds
from tests.flows.conftest import Product
from warehouse.settings import Settings


def measure(settings: Settings) -> Iterator[Figure]:
    """Yield the figure; the homes are its own, beside the one given."""
    with tempfile.TemporaryDirectory() as folder:
        product = Product(Path(folder) / "home")
        try:
            first = product.run("up", "--no-serve")
            if first.returncode != 0:
                raise RuntimeError(first.stderr)
            times = [
                seconds(lambda: _serve(product)) for _ in range(RUNS) if product.process is None or not product.stop()
            ]
        finally:
            product.end_all()
    median = statistics.median(times)
    yield Figure("f", "second start until app and Dagster answer", f"{median:.1f} s", "≤ 30 s", median <= 30)


def _serve(product: Product) -> None:
    product.up()
    product.wait_until_serving()
