"""Reading the log in order and checking each record by itself and against its predecessor, a batch at a time.

The usual record is checked by comparing whole strings; whatever does not fit that pattern goes to the slow and exact check,
which says why. Not here: checkpoints, witnesses and the tree (verify.py).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from json.encoder import encode_basestring as quoted
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from warehouse.audit.canonical import encode, fault_of_facts
from warehouse.audit.chain import Record, confirmation_hash, leaf_data
from warehouse.audit.keys import AuditKeys

BATCH = 8_192
"""Records in memory at a time: some 10 MB."""
COLUMNS = "seq, at::text, actor, action, subject, submission_ref, body, previous_hash, confirmation_hash, key_id"
FIELDS = {"seq", "at", "actor", "action", "subject", "submission_ref", "facts"}
HMAC_BLOCK = 64
INNER = bytes(byte ^ 0x36 for byte in range(256))
OUTER = bytes(byte ^ 0x5C for byte in range(256))
PLAIN = r'[^"\\\x00-\x1f]*+'
TEXT = rf'"{PLAIN}(?:\\(?:["\\bfnrt]|u00(?:0[0-7bef]|1[0-9a-f])){PLAIN})*+"'
NUMBER = r"(?:0|-?[1-9][0-9]{0,17})"
MOST_PATTERNS = 500
Row = tuple[int, str, str, str, str, str | None, bytes, bytes, bytes, str]


@dataclass
class Link:
    """Where the chain stands: the last record's number, signature and time; before the first there is none."""

    seq: int = 0
    signature: bytes = b""
    at: str = ""


@dataclass
class Checked:
    """What a batch came to: the leaf hashes up to the first fault, and that fault's position and reason."""

    leaves: list[bytes] = field(default_factory=list)
    position: int = 0
    fault: str = ""


class RecordChecker:
    """Checks records in order, whole batches at once."""

    def __init__(self, keys: AuditKeys, link: Link | None = None) -> None:
        self.link = link or Link()
        self._keys = keys
        self._use = {name: (*_pads(key), *keys.span(name)) for name, key in keys.by_id.items()}
        self._heads = {name: b"\x00" + len(name.encode()).to_bytes(4, "big") + name.encode() for name in keys.by_id}
        self._facts: dict[str, re.Pattern[str]] = {}

    def check(self, rows: list[Row]) -> Checked:
        """Check the next records; stops at the first that does not hold."""
        done = Checked()
        leaves, link, facts = done.leaves, self.link, self._facts
        seq, previous, last_at = link.seq, link.signature, link.at
        for row in rows:
            number, at, actor, action, subject, ref, body, before, signature, key_id = row
            told = at[:10] + "T" + at[11:26] + "+00:00" if len(at) == 29 else iso(at)
            use = self._use.get(key_id)
            if (
                use is not None
                and use[2] < number <= use[3]
                and number == seq + 1
                and before == previous
                and told >= last_at
                and len(before) == 32
            ):
                inner = sha256(use[0] + before + body).digest()
                start = f'{{"action":{quoted(action)},"actor":{quoted(actor)},"at":"{told}","facts":'
                # Spelled out: this is the innermost line of verifying a million records.
                end = f',"seq":{number},"subject":{quoted(subject)},"submission_ref":{"null" if ref is None else quoted(ref)}}}'
                try:
                    text = body.decode()
                except UnicodeDecodeError:
                    text = ""
                pattern = facts.get(action)
                if (
                    sha256(use[1] + inner).digest() == signature
                    and pattern is not None
                    and text.startswith(start)
                    and text.endswith(end)
                    and pattern.fullmatch(text, len(start), len(text) - len(end)) is not None
                ):
                    leaves.append(sha256(b"".join((
                        self._heads[key_id], b"\x00\x00\x00\x20", before, b"\x00\x00\x00\x20", signature,
                        len(body).to_bytes(4, "big"), body))).digest())  # fmt: skip
                    seq, previous, last_at = number, signature, told
                    continue
            fault = self._fault(Record(*row), Link(seq, previous, last_at))
            if fault:
                done.position, done.fault = seq + 1, fault
                break
            self._learn(action, body)
            leaves.append(sha256(b"\x00" + leaf_data(key_id, before, signature, body)).digest())
            seq, previous, last_at = number, signature, told
        self.link = Link(seq, previous, last_at)
        return done

    def _fault(self, record: Record, link: Link) -> str:
        """Say exactly what is wrong with one record; "" when nothing is."""
        if record.seq != link.seq + 1:
            return f"the sequence goes on with {record.seq}"
        fault = self._keys.fault_of_use(record.key_id, record.seq)
        if fault:
            return fault
        if record.previous_hash != link.signature:
            return "it does not follow its predecessor"
        if record.confirmation_hash != confirmation_hash(
            self._keys.by_id[record.key_id], record.previous_hash, record.body
        ):
            return "its signature does not fit its bytes"
        return fault_of_body(record) or ("its time is before its predecessor's" if iso(record.at) < link.at else "")

    def _learn(self, action: str, body: bytes) -> None:
        """Remember how the facts of this action look, so that the next such record is recognised at once."""
        facts = json.loads(body)["facts"]
        if len(self._facts) < MOST_PATTERNS or action in self._facts:
            pairs = (re.escape(quoted(name)) + f":(?:{TEXT}|{NUMBER}|true|false|null)" for name in sorted(facts))
            self._facts[action] = re.compile(r"\{" + ",".join(pairs) + r"\}")


def fault_of_body(record: Record) -> str:
    """Say what is wrong with a record's bytes: not the one way to write it, or not what its columns say."""
    try:
        told = json.loads(record.body.decode(), parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return "its bytes are no record"
    facts = told.get("facts") if isinstance(told, dict) else None
    if not isinstance(facts, dict) or set(told) != FIELDS:
        return "its bytes are no record"
    try:
        if fault_of_facts(facts) or encode(told).encode() != record.body:
            return "its bytes are not written the one way"
    except (UnicodeEncodeError, ValueError, RecursionError):
        return "its bytes are not written the one way"
    shown: Mapping[str, object] = {
        "seq": record.seq, "at": iso(record.at), "actor": record.actor, "action": record.action,
        "subject": record.subject, "submission_ref": record.submission_ref,
    }  # fmt: skip
    wrong = [name for name, value in shown.items() if told[name] != value or isinstance(told[name], bool)]
    return f"its column {wrong[0]} says something else than its signed bytes" if wrong else ""


def iso(at: str) -> str:
    """Turn PostgreSQL's text of an instant in UTC into the record's: all six digits, a T and the zone written out."""
    if not at.endswith("+00"):
        return at
    whole, _, digits = at[:-3].replace(" ", "T").partition(".")
    return f"{whole}.{digits:0<6}+00:00"


def read_rows(connection: psycopg.Connection[Any], after: int, last: int | None = None) -> Iterator[list[Row]]:
    """Yield the records after one, in order, in batches; `after` 0 begins with the very first, whatever its number."""
    connection.execute("select set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true)")
    begin, end = "" if after == 0 else "seq > %(after)s", "" if last is None else "seq <= %(last)s"
    where = " and ".join(part for part in (begin, end) if part)
    statement = f"select {COLUMNS} from audit_logs {'where ' + where if where else ''} order by seq"  # noqa: S608 - the parts are above
    with psycopg.ServerCursor(connection, "audit_records", row_factory=tuple_row) as cursor:
        cursor.execute(statement.encode(), {"after": after, "last": last}, binary=True)
        while rows := cursor.fetchmany(BATCH):
            yield rows


def _pads(key: bytes) -> tuple[bytes, bytes]:
    """Return the two blocks that HMAC puts before what it hashes (RFC 2104): two hashes cost less than hmac's set-up."""
    block = (sha256(key).digest() if len(key) > HMAC_BLOCK else key).ljust(HMAC_BLOCK, b"\x00")
    return block.translate(INNER), block.translate(OUTER)


def _refuse(text: str) -> object:
    raise ValueError(f"{text} has more than one spelling")
