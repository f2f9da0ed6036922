"""Verifies an exported audit log without the product that wrote it: this one file, Python's standard library, no secret.

    python3 -I DIR/verify_audit.py DIR [--public-key FILE] [--checkpoint FILE_OR_FOLDER]... [--keys FILE] [--json]

DIR holds records.jsonl and checkpoints.jsonl. Take the public key from somebody other than who gave you the export;
without it the verdict is "consistent, signer not checked". --checkpoint shows notes kept elsewhere (the witness's): a log
that is smaller, or another, is refused. --keys also recomputes every HMAC. Exit 0 only when all holds.
"""

# fmt: off
from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import re
import sys
from pathlib import Path
from typing import Any, Iterator  # noqa: UP035 - also runs on Pythons older than ours

LONGEST_LINE = 64 * 1024 * 1024
TOLD = {"seq", "at", "actor", "action", "subject", "submission_ref", "facts"}
COLUMNS = TOLD - {"facts"} | {"body", "previous_hash", "confirmation_hash", "key_id"}
AT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}\+00:00"
NOTE = re.compile(
    r"(?P<text>(?P<origin>[^\s]+)\n(?P<size>0|[1-9][0-9]{0,17})\n(?P<root>[A-Za-z0-9+/]{43}=)\nat (?P<at>" + AT + r")\n"
    r"previous (?P<before>0|[1-9][0-9]{0,17}) (?P<before_root>[A-Za-z0-9+/]{43}=)\n)"
    r"\n— (?P<name>[^\s]+) (?P<signature>[A-Za-z0-9+/]{91}=)\n"
)

class Fault(Exception):
    """The first thing that does not hold."""
    def __init__(self, position: int, why: str) -> None:
        super().__init__(why)
        self.position = position

# Ed25519: RFC 8032, section 5.1.7
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)

def _add(a: Any, b: Any) -> Any:  # points as x, y, z, t: extended coordinates
    c, d, e, f = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0]), 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = d - c, f - e, f + e, d + c
    return e * f % P, g * h % P, f * g % P, e * h % P

def _decode(text: bytes) -> Any:
    y = int.from_bytes(text, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT % P
    if y >= P or (x * x - x2) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P

BASE = _decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))

def ed25519_verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether a signature of 64 bytes is this key's over the message."""
    key, s = _decode(public), int.from_bytes(signature[32:], "little")
    if len(public) != 32 or len(signature) != 64 or key is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    minus, found = (P - key[0], key[1], key[2], P - key[3]), (0, 1, 1, 0)
    both = _add(BASE, minus)
    for bit in range(max(s.bit_length(), h.bit_length()) - 1, -1, -1):  # s·B − h·A, both at once
        found = _add(found, found)
        step = (s >> bit & 1) | (h >> bit & 1) << 1
        found = _add(found, (BASE, minus, both)[step - 1]) if step else found
    z = pow(found[2], P - 2, P)
    x, y = found[0] * z % P, found[1] * z % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]

class Tree:
    """A growing tree, kept as the roots of its perfect subtrees."""
    def __init__(self) -> None:
        self.size, self.nodes = 0, []  # type: int, list[bytes]
    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        size, self.size = self.size, self.size + 1
        while size & 1:
            leaf, size = hashlib.sha256(b"\x01" + self.nodes.pop() + leaf).digest(), size >> 1
        self.nodes.append(leaf)
    def root(self) -> bytes:
        """Return the root."""
        root = self.nodes[-1] if self.nodes else hashlib.sha256(b"").digest()
        for node in self.nodes[-2::-1]:
            root = hashlib.sha256(b"\x01" + node + root).digest()
        return root

def whole(text: str) -> int:
    """Read a whole number of 64 bits; 1.0, 1e3 and NaN are none."""
    if not re.fullmatch(r"-?[0-9]{1,19}", text):
        raise ValueError("no whole number of 64 bits")
    return int(text)

def load(text: str) -> Any:
    """Read JSON in which every number is a whole one."""
    return json.loads(text, parse_float=whole, parse_constant=whole, parse_int=whole)

def lines(path: Path, fields: set[str], what: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file; each line must be written the one way, byte for byte."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), start=1):
                try:
                    value = load(line.decode("ascii"))
                    again = json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"
                except (ValueError, RecursionError, MemoryError):
                    value, again = None, b""
                if not isinstance(value, dict) or set(value) != fields or again != line:
                    raise Fault(number if what == "record" else 0, f"line {number} of {path.name} is not written as a {what} is")
                yield value
    except OSError as error:
        raise Fault(0, f"{path.name} cannot be read: {error.strerror}") from None

class Note:
    """What a checkpoint says."""
    def __init__(self, text: object, where: str, position: int = 0) -> None:
        match = NOTE.fullmatch(text) if isinstance(text, str) else None
        if match is None or match["name"] != match["origin"]:
            raise Fault(position, f"{where or 'the next line'} is no checkpoint")
        self.where, self.text, self.origin, self.at = where or f"checkpoint {match['size']}", match["text"], match["origin"], match["at"]
        self.size, self.before = int(match["size"]), int(match["before"])
        self.leaves = []  # type: list[bytes]
        written = [match[name] for name in ("root", "before_root", "signature")]
        self.root, self.before_root, self.signature = parts = [base64.b64decode(text) for text in written]
        if [base64.b64encode(part).decode() for part in parts] != written:
            raise Fault(position, f"{self.where} is not written the one way")
    def check(self, key: tuple[str, bytes] | None, position: int) -> None:
        """Refuse a note that the key did not sign."""
        if key is not None:
            short = hashlib.sha256(key[0].encode() + b"\n\x01" + key[1]).digest()[:4]
            if self.origin != key[0] or self.signature[:4] != short:
                raise Fault(position, f"{self.where} was signed with another key")
            if not ed25519_verifies(key[1], self.text.encode(), self.signature[4:]):
                raise Fault(position, f"the signature of {self.where} does not fit its text")

def read_record(record: dict[str, Any], number: int) -> tuple[bytes, bytes, bytes]:
    """Check one record by itself; return its bytes, its predecessor's signature and its own."""
    if isinstance(record["seq"], bool) or record["seq"] != number:
        raise Fault(number, f"the sequence goes on with {str(record['seq'])[:40]}")
    if any(not isinstance(record[name], str) for name in COLUMNS - {"seq", "submission_ref"}):
        raise Fault(number, "a column is no text")
    try:
        hashes = [bytes.fromhex(record[name]) for name in ("previous_hash", "confirmation_hash")]
        body, told = record["body"].encode(), load(record["body"])
        again = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        record["key_id"].encode()
    except (ValueError, RecursionError, MemoryError):
        raise Fault(number, "its bytes are no record") from None
    if [h.hex() for h in hashes] != [record["previous_hash"], record["confirmation_hash"]] or len(hashes[1]) != 32:
        raise Fault(number, "a hash is not written as one")
    if not isinstance(told, dict) or set(told) != TOLD or not isinstance(told["facts"], dict):
        raise Fault(number, "its bytes are no record")
    if again != body or any(not (value is None or isinstance(value, (str, int))) for value in told["facts"].values()):
        raise Fault(number, "its bytes are not written the one way")
    for name in sorted(TOLD - {"facts"}):
        if told[name] != record[name] or isinstance(told[name], bool):
            raise Fault(number, f"its column {name} says something else than its signed bytes")
    return body, hashes[0], hashes[1]

class Log:
    """The export as far as it was gone through."""
    def __init__(self, folder: Path, key: Any, shown: list[Note], keys: Any) -> None:
        self.folder, self.key, self.shown, self.keys = folder, key, sorted(shown, key=lambda note: note.size), keys
        self.tree, self.previous, self.last_at = Tree(), b"", ""
        self.odd = self.strange = 0  # first record that is not as its checkpoint, or a shown one, has kept it
        self.records = lines(folder / "records.jsonl", COLUMNS, "record")
        self.probes = {note.size: note for note in self.shown}
        self.kept = {note.before + 1 + at: leaf for note in self.shown for at, leaf in enumerate(note.leaves)}
    def verify(self) -> tuple[int, int]:
        """Go through everything and return the numbers of records and checkpoints; raise the first fault."""
        size, root, told_at, origin, count = 0, self.tree.root(), "", "", 0
        for line in lines(self.folder / "checkpoints.jsonl", {"leaves", "note"}, "checkpoint"):
            note, count = Note(line["note"], "", size + 1), count + 1
            follows = (note.before, note.before_root, note.origin) == (size, root, origin or note.origin)
            if not follows or note.size <= size or note.at < told_at:
                raise Fault(size + 1, f"{note.where} does not follow checkpoint {size}")
            note.check(self.key, size + 1)
            self.interval(note, split_leaves(line["leaves"]))
            size, root, told_at, origin = note.size, note.root, note.at, note.origin
        for note in self.shown:
            if note.origin != (origin or note.origin):
                raise Fault(0, f"{note.where} is of another log")
            if note.size > size:
                self.interval(note, None)
                raise Fault(size + 1, f"{note.where} is not among the checkpoints")
        if next(self.records, None) is not None:
            raise Fault(size + 1, "no checkpoint covers it")
        if count:
            return size, count
        raise Fault(0, "there is no checkpoint")
    def interval(self, note: Note, leaves: list[bytes] | None) -> None:
        """Check the records that one checkpoint adds, and that it was signed for them."""
        begin, self.odd = self.tree.size, 0
        for number in range(begin + 1, note.size + 1):
            try:
                leaf = self.record(next(self.records, None), number, note)
            except Fault as fault:
                first, why = self.odd or self.strange, f"it is not the one that {note.where} was signed for"
                raise (Fault(first, why) if first else fault) from None
            if leaves is not None and not self.odd and leaves[number - begin - 1 : number - begin] != [leaf]:
                self.odd = number
            if not self.strange and self.kept.get(number, leaf) != leaf:
                self.strange = number
            self.tree.append(leaf)
            probe = self.probes.get(number)
            if probe is not None and self.tree.root() != probe.root:
                raise Fault(self.strange or probe.before + 1, f"it is not the one that {probe.where} was signed for")
        if self.tree.root() != note.root:
            raise Fault(self.odd or self.strange or begin + 1, f"it is not the one that {note.where} was signed for")
        if self.odd or (leaves is not None and len(leaves) != note.size - begin):
            raise Fault(begin + 1, f"the leaf hashes of {note.where} are not those of its records")
    def record(self, record: dict[str, Any] | None, number: int, note: Note) -> bytes:
        """Check one record by itself and against its predecessor, and return its leaf hash."""
        if record is None:
            raise Fault(number, f"it is missing: {note.where} covers it")
        body, before, signature = read_record(record, number)
        if before != self.previous:
            raise Fault(number, "it does not follow its predecessor")
        if not re.fullmatch(AT, record["at"]) or record["at"] < self.last_at:
            raise Fault(number, "its time is before its predecessor's")
        if self.keys is not None:
            key, first, last = self.keys.get(record["key_id"], (b"", 0, 0))
            if not first < number <= last:
                raise Fault(number, "its key is not known, or was not in use for it")
            if hmac.new(key, before + body, hashlib.sha256).digest() != signature:
                raise Fault(number, "its signature does not fit its bytes")
        self.previous, self.last_at = signature, record["at"]
        parts = (record["key_id"].encode(), before, signature, body)
        return hashlib.sha256(b"\x00" + b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()

def split_leaves(text: object) -> list[bytes]:
    """Read leaf hashes, 32 bytes each, from base64; nothing where it is none."""
    try:
        raw = b"".join(base64.b64decode(word, validate=True) for word in str(text).split())
    except ValueError:
        return []
    return [raw[at : at + 32] for at in range(0, len(raw), 32)]

def read_arguments(given: argparse.Namespace) -> tuple[Any, list[Note], Any]:
    """Read the public key, the notes kept elsewhere and the HMAC keys."""
    what, key, shown, keys = "", None, [], None
    try:
        if given.public_key:
            what = "the public key"
            name, short, text = Path(given.public_key).read_text(encoding="utf-8").strip().split("+", 2)
            raw = base64.b64decode(text, validate=True)
            if len(raw) != 33 or raw[:1] != b"\x01" or hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] != short:
                raise ValueError("no key")
            key = (name, raw[1:])
        for place in map(Path, given.checkpoint):
            for path in sorted(place.rglob("*.note")) if place.is_dir() else [place]:
                what = str(path)
                note = Note(path.read_text(encoding="utf-8"), str(path))
                note.check(key, 0)
                if path.with_suffix(".leaves").is_file():
                    note.leaves = split_leaves(path.with_suffix(".leaves").read_text(encoding="ascii"))
                shown.append(note)
        if given.keys:
            what = "the file of keys"
            told = json.loads(Path(given.keys).read_text(encoding="utf-8"))
            ends = {name: int(told.get("retired", {}).get(name, 10**18)) for name in told["keys"]}
            keys = {name: (bytes.fromhex(text), max((end for end in ends.values() if end < ends[name]), default=0), ends[name])
                    for name, text in told["keys"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Fault(0, f"{what} cannot be read") from None
    return key, shown, keys

def main() -> int:
    """Print the verdict and return 0 only when all holds."""
    parser = argparse.ArgumentParser(description="Verify an exported audit log.")
    parser.add_argument("dir", metavar="DIR", help="folder with records.jsonl and checkpoints.jsonl")
    parser.add_argument("--public-key", metavar="FILE", help="the log's public key, from somebody else than the export")
    parser.add_argument("--checkpoint", metavar="PATH", action="append", default=[], help="a note kept elsewhere, or a folder")
    parser.add_argument("--keys", metavar="FILE", help="the HMAC keys, where they are at hand")
    parser.add_argument("--json", action="store_true", help="one JSON object and nothing else")
    given = parser.parse_args()
    told = {"holds": False, "records": 0, "checkpoints": 0, "position": 0, "fault": ""}  # type: dict[str, Any]
    try:
        key, shown, keys = read_arguments(given)
        told["signer_checked"], told["signatures_checked"] = key is not None, keys is not None
        told["records"], told["checkpoints"] = Log(Path(given.dir), key, shown, keys).verify()
        told["holds"] = True
        words = f"consistent{'' if key else ', signer not checked'}: {told['records']} records, {told['checkpoints']} checkpoints"
    except Fault as fault:
        told["position"], told["fault"] = fault.position, str(fault)
        words = f"FAULT record {fault.position}: {fault}" if fault.position else f"FAULT {fault}"
    print(json.dumps(told) if given.json else words.encode("ascii", "backslashreplace").decode())  # noqa: T201
    return 0 if told["holds"] else 1

if __name__ == "__main__":
    sys.exit(main())
