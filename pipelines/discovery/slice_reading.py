"""Reading the fields of a slice, whatever its records are: what cannot be read is set aside with its reason.

Not here: which fields (normalize.py, awards.py).
"""

from collections.abc import Callable

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.discovery.json_records import set_invalid_aside
from pipelines.discovery.slices import ReadSlice, Slice
from warehouse.lake.quarantine import Fault

NO_JSON = (duckdb.InvalidInputException, UnicodeDecodeError)
"""How DuckDB says that a text is no JSON. Its message quotes the text up to some byte, and where that is in the middle of a sign,
the message itself cannot be read (duckdb 1.5)."""


def read_slice(part: Slice, read: Callable[[Slice], pa.Table], *, id_name: str) -> ReadSlice:
    """Read a slice; what is no JSON or lacks its id becomes a fault, nothing else is refused.

    Args:
        part: The records.
        read: Gives one row a record, with position and lacks_id.
        id_name: What the id is called in the reason.
    """
    try:
        rows = read(part)
    except NO_JSON:
        part = set_invalid_aside(part)
        rows = read(part)
    lacking = rows.filter(rows["lacks_id"])["position"].to_pylist()
    if lacking:
        rows = rows.filter(pc.invert(rows["lacks_id"]))
    faults = [_fault(part, position, id_name) for position in lacking]
    ordered = tuple(sorted((*part.faults, *faults), key=lambda fault: fault.position))
    return ReadSlice(rows.drop_columns("lacks_id"), ordered)


def _fault(part: Slice, position: int, id_name: str) -> Fault:
    line, raw = part.locate(position)
    reason = f"{id_name} is missing or empty" if raw.lstrip()[:1] == b"{" else "it is JSON, but no record"
    return Fault(position, line, reason, raw)
