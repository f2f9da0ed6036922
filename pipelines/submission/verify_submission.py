"""Verifies the proof of a delivery without the product that wrote it: this file, verify_audit.py beside it, the standard library.

    python3 -I DIR/verify_submission.py DIR [--public-key FILE] [--json]

Take the public key from somebody other than who gave you DIR; without it the one in DIR/audit is used, and the verdict says
that the signer was not checked. Exit 0: all holds and there is a receipt. 3: all holds, and there is no receipt. 1: a fault.
"""

# fmt: off
from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import types
from datetime import datetime
from pathlib import Path
from typing import Any

OWN = {"contents.json", "audit/records.jsonl", "audit/checkpoints.jsonl", "audit/public-key.txt"}

class Broken(Exception):
    """A file that does not hold, and why."""
    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name, self.why = name, why

def load_verifier() -> Any:
    """Load verify_audit.py from beside this file: isolated Python looks for modules nowhere near."""
    path = Path(__file__).resolve().with_name("verify_audit.py")
    sys.dont_write_bytecode = True  # the folder stays as it is
    module = types.ModuleType("verify_audit")
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), vars(module))  # noqa: S102 - it belongs to the proof as this file does
    except Exception as error:  # noqa: BLE001 - whatever a changed byte of it may do
        raise Broken("verify_audit.py", f"it cannot be run: {error}") from None
    return module

def read_bytes(folder: Path, name: str) -> bytes:
    """Read a file of the folder."""
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise Broken(name, f"it is missing or cannot be read: {error.strerror}") from None

def read_json(folder: Path, name: str) -> Any:
    """Read a file of JSON."""
    try:
        return json.loads(read_bytes(folder, name).decode())
    except (ValueError, RecursionError):
        raise Broken(name, "it is not JSON") from None

def read_key(text: bytes, name: str) -> tuple[str, bytes]:
    """Read a public key that is written the one way: origin, hash, algorithm and key."""
    try:
        origin, _, encoded = text.decode("ascii")[:-1].split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise Broken(name, "it is no public key") from None
    right = hashlib.sha256(origin.encode() + b"\n" + raw).hexdigest()[:8]
    if len(raw) != 33 or raw[:1] != b"\x01" or f"{origin}+{right}+{base64.b64encode(raw).decode()}\n".encode() != text:
        raise Broken(name, "it is no public key, or not written the one way")
    return origin, raw[1:]

def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 6962)."""
    return hashlib.sha256(b"\x01" + left + right).digest()

def climb(at: int, last: int, old: bytes, new: bytes, proof: list[bytes]) -> tuple[bytes, bytes]:
    """Follow a proof upwards; return the roots of the old and of the new tree (RFC 9162, 2.1.3.2 and 2.1.4.2)."""
    for step in proof:
        if last == 0:
            return b"", b""
        if at & 1 or at == last:
            old, new = node(step, old), node(step, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, step)
        at, last = at >> 1, last >> 1
    return (old, new) if last == 0 else (b"", b"")

def is_included(leaf: bytes, index: int, size: int, root: bytes, proof: list[bytes]) -> bool:
    """Say whether a leaf is number `index` of a tree."""
    return 0 <= index < size and climb(index, size - 1, leaf, leaf, proof)[1] == root

def is_beginning(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> bool:
    """Say whether the old tree is the beginning of the new one."""
    if not 0 < old < new:
        return old == new and not proof and old_root == new_root
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    return bool(steps) and climb(at, last, steps[0], steps[0], steps[1:]) == (old_root, new_root)

def hashes(values: Any, name: str) -> list[bytes]:
    """Read hashes in hexadecimal, written the one way."""
    try:
        found = [bytes.fromhex(value) for value in values]
    except (TypeError, ValueError):
        raise Broken(name, "a hash of a proof is none") from None
    if [value.hex() for value in found] != values or any(len(value) != 32 for value in found):
        raise Broken(name, "a hash of a proof is not written as one")
    return found

class Log:
    """The log's part: records about the offer, each shown to be covered by the newest checkpoint."""
    def __init__(self, folder: Path, audit: Any, key: tuple[str, bytes]) -> None:
        self.folder, self.audit, self.key = folder, audit, key
        self.notes: list[Any] = []
        self.facts: list[dict[str, Any]] = []  # what each record tells, with the time of the first checkpoint over it
        for name, read in (("audit/checkpoints.jsonl", self.checkpoints), ("audit/records.jsonl", self.records)):
            try:
                read(name)
            except audit.Fault as fault:
                raise Broken(name, f"record {fault.position}: {fault}" if fault.position else str(fault)) from None
    def checkpoints(self, name: str) -> None:
        """Check who signed them, and that each is the beginning of the newest."""
        proofs: list[tuple[Any, list[bytes]]] = []
        for line in self.audit.lines(self.folder / name, {"note", "proof"}, "checkpoint"):
            note = self.audit.Note(line["note"], "")
            note.check(self.key, 0)
            if self.notes and note.size <= self.notes[-1].size:
                raise Broken(name, f"{note.where} is out of order")
            self.notes.append(note)
            proofs.append((note, hashes(line["proof"], name)))
        if not self.notes:
            raise Broken(name, "there is no checkpoint")
        self.newest = self.notes[-1]
        for note, proof in proofs:
            if not is_beginning(note.size, note.root, self.newest.size, self.newest.root, proof):
                raise Broken(name, f"{note.where} is not the beginning of {self.newest.where}")
    def records(self, name: str) -> None:
        """Check each record by itself, and that the newest checkpoint covers it."""
        last = 0
        for number, line in enumerate(self.audit.lines(self.folder / name, {"covered_by", "proof", "record"}, "record"), 1):
            record = line["record"]
            if not isinstance(record, dict) or set(record) != self.audit.COLUMNS or not isinstance(record["seq"], int):
                raise Broken(name, f"line {number} is not written as a record is")
            seq = record["seq"]
            body, before, signature = self.audit.read_record(record, seq)
            parts = (record["key_id"].encode(), before, signature, body)
            leaf = hashlib.sha256(b"\x00" + b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()
            if seq <= last or not is_included(leaf, seq - 1, self.newest.size, self.newest.root, hashes(line["proof"], name)):
                raise Broken(name, f"record {seq}: it is not the one that {self.newest.where} was signed for")
            covering = [note for note in self.notes if note.size >= seq]
            if covering[0].size != line["covered_by"]:
                raise Broken(name, f"record {seq}: {covering[0].where} is the first of these that covers it")
            self.facts.append({**json.loads(record["body"]), "signed_at": covering[0].at})
            last = seq
    def find(self, action: str, **facts: Any) -> dict[str, Any] | None:
        """Return the newest record of an action with these facts; an action of "" is any."""
        fits = [told for told in self.facts if action in ("", told["action"]) and facts.items() <= told["facts"].items()]
        return fits[-1] if fits else None

class Proof:
    """The folder; `faults` are its files that do not hold, `lines` what there is to tell."""
    def __init__(self, folder: Path, audit: Any, shown: Path | None) -> None:
        self.folder, self.shown = folder, shown
        self.faults: list[Broken] = []
        self.lines: list[tuple[str, str]] = []
        self.receipt = ""
        try:
            own = read_bytes(folder, "audit/public-key.txt")
            given = shown.read_bytes().strip() + b"\n" if shown else own
            key = read_key(given, str(shown or "audit/public-key.txt"))
            if given != own:
                raise Broken("audit/public-key.txt", f"it is another key than {shown}")
            self.log = Log(folder, audit, key)
            self.check_bytes()
            if not self.faults:
                self.tell(key)
        except Broken as fault:
            self.faults.append(fault)
    def check_bytes(self) -> None:
        """Check that contents.json is what the log says, and every file what contents.json says."""
        raw = read_bytes(self.folder, "contents.json")
        self.proven = self.log.find("submission:proven", contents_sha256=hashlib.sha256(raw).hexdigest())
        if self.proven is None or self.proven is not self.log.find("submission:proven"):
            raise Broken("contents.json", "it is not the list that the last record of the log names")
        self.listed = read_json(self.folder, "contents.json")
        for name in sorted(self.listed):
            try:
                if hashlib.sha256(read_bytes(self.folder, name)).hexdigest() != self.listed[name]:
                    self.faults.append(Broken(name, "its bytes are not those that were written"))
            except Broken as fault:
                self.faults.append(fault)
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if not path.is_dir() and name not in self.listed and name not in OWN:
                self.faults.append(Broken(name, "it is not part of the proof"))
    def tell(self, key: tuple[str, bytes]) -> None:
        """Check that the files say the same as each other and as the log, and gather what to say."""
        offer, manifest = read_json(self.folder, "offer.json"), read_json(self.folder, "manifest.json")
        self.signed = self.listed["manifest.json"]
        if self.proven is None or self.proven["subject"] != offer["id"] or manifest["submission_id"] != offer["id"]:
            raise Broken("offer.json", "the log's record is about another offer")
        named = {f"files/{entry['name']}": entry["sha256"] for entry in manifest["files"]}
        if named != {name: digest for name, digest in self.listed.items() if name.startswith("files/")}:
            raise Broken("manifest.json", "the files are not those that it names")
        self.say("Offer", ", ".join(str(offer[part]) for part in ("title", "solicitation_number", "agency") if offer[part]))
        total = sum(entry["size"] for entry in manifest["files"])
        self.say("Package", f"{self.signed}: {len(named)} file{'' if len(named) == 1 else 's'}, {total:,} bytes")
        for entry in manifest["files"]:
            self.say("", f"{entry['name']}, {entry['size']:,} bytes, SHA-256 {entry['sha256'][:16]}...")
        frozen = self.approved(offer)
        self.delivered(manifest, frozen)
        newest, fingerprint = self.log.newest, hashlib.sha256(key[1]).hexdigest()[:16]
        self.say("Log", f"{len(self.log.facts)} records about this offer, of {newest.size:,}, signed {newest.at[:19]}Z")
        self.say("", f"by {key[0]}, key {fingerprint}")
        self.say("Folder", f"{len(self.listed)} files, every byte as it was written")
    def approved(self, offer: dict[str, Any]) -> dict[str, Any]:
        """Check the signatures against the log; return the record of the freezing."""
        steps = read_json(self.folder, "approvals.json")
        for step in steps:
            told = self.log.find("package:signed", manifest_hash=self.signed, step=step["name"])
            if step["manifest_hash"] != self.signed or step["voided_at"] or told is None or told["actor"] != step["approver_id"]:
                raise Broken("approvals.json", f"the log has no such signature of the step {step['name']}")
            instead = f" for {step['on_behalf_of']}" if step["on_behalf_of"] else ""
            self.say("Approved", f"{step['name']}: {step['approver']}{instead}, {step['decided_at'][:19]}Z (record {told['seq']})")
        frozen = self.log.find("package:frozen", manifest_hash=self.signed)
        if not steps or frozen is None or frozen["subject"] != offer["manifest_id"]:
            raise Broken("approvals.json", "the log has no record that the package was approved")
        self.say("", f"frozen {frozen['at'][:19]}Z (record {frozen['seq']}), signed into the log {frozen['signed_at'][:19]}Z")
        return frozen
    def delivered(self, manifest: dict[str, Any], frozen: dict[str, Any]) -> None:
        """Check the receipt against its run, its evidence and the log."""
        receipts = [one for one in read_json(self.folder, "receipts.json") if one["counts"]]
        if not receipts:
            self.say("Receipt", "none")
            return
        receipt = receipts[0]
        number, where = receipt["number"], receipt["evidence"]
        told = [fact for fact in self.log.facts if number in fact["facts"].values() and fact["seq"] > frozen["seq"]
                and fact["action"] != "submission:proven"]
        if receipt["manifest_hash"] != self.signed or len(receipts) > 1 or not told:
            raise Broken("receipts.json", f"the log has no record of the receipt {number} for this package")
        if receipt["source"] == "person" and (not receipt["confirmed_by"] or receipt["confirmed_by"] == receipt["captured_by"]):
            raise Broken("receipts.json", "nobody else confirmed the receipt that a person brought")
        if where not in self.listed:
            raise Broken("receipts.json", "what the receipt was read from is not here")
        name = next((n for n in self.listed if n.endswith("/run.json") and read_json(self.folder, n)["id"] == receipt["run_id"]), "")
        run = read_json(self.folder, name) if name else {}
        if (run.get("manifest_hash"), run.get("receipt_id"), run.get("outcome")) != (self.signed, number, "accepted"):
            raise Broken(name or "receipts.json", f"no run ended with the receipt {number}")
        sent, self.receipt = run["acted_at"] or run["intended_at"], number
        self.say("Sent", f"{sent[:19]}Z by {run['executor']}, run {run['number']}, our reference {run['reference']}"
                 + (", after it was signed into the log" if frozen["signed_at"] <= sent else ""))
        is_ours = receipt["source"] != "person"
        by = "read by the product" if is_ours else f"brought by {receipt['captured_by']}, confirmed by {receipt['confirmed_by']}"
        self.say("Receipt", f"{number}, {by} {receipt['read_at'][:19]}Z (record {told[-1]['seq']})")
        is_there = number.encode() in read_bytes(self.folder, where)
        self.say("", f"{'it can be read' if is_there else 'to be looked at'} in {where}")
        when = receipt["received_at"] or sent
        if manifest["deadline"]:
            left = datetime.fromisoformat(manifest["deadline"]) - datetime.fromisoformat(when)
            whose = "the office's time" if receipt["received_at"] else "the time of sending"
            kept = f"kept by {left}" if left.total_seconds() >= 0 else f"MISSED by {-left}"
            self.say("Deadline", f"{manifest['deadline'][:19]}Z, {kept} ({whose})")
    def say(self, label: str, words: str) -> None:
        """Add a line to what is printed."""
        self.lines.append((label, words))
    def verdict(self) -> str:
        """Return the verdict in a sentence."""
        if self.faults:
            return f"DOES NOT HOLD: {len(self.faults)} file{'' if len(self.faults) == 1 else 's'} changed or missing."
        if not self.receipt:
            return "HOLDS, BUT NOT DELIVERED: there is no receipt of the office."
        return f"HOLDS: this package was delivered, and the office's receipt is {self.receipt}."

def main() -> int:
    """Print one page and say whether all holds."""
    parser = argparse.ArgumentParser(description="Verify the proof of a delivery.")
    parser.add_argument("dir", metavar="DIR", type=Path, help="the folder of the proof")
    parser.add_argument("--public-key", metavar="FILE", type=Path, help="the log's public key, from somebody else than the folder")
    parser.add_argument("--json", action="store_true", help="one JSON object and nothing else")
    given = parser.parse_args()
    lines, verdict, receipt = [], "DOES NOT HOLD.", ""  # type: list[tuple[str, str]], str, str
    try:
        proof = Proof(given.dir, load_verifier(), given.public_key)
        faults, lines, verdict, receipt = proof.faults, proof.lines, proof.verdict(), proof.receipt
    except (Broken, KeyError, TypeError, ValueError, AttributeError, IndexError, OSError) as error:
        faults = [error if isinstance(error, Broken) else Broken(str(given.dir), f"it is no proof of a delivery ({error!r})")]
    if given.json:
        told = {"holds": not faults, "receipt": receipt, "faults": [{"file": one.name, "fault": one.why} for one in faults],
                "signer_checked": given.public_key is not None}
        print(json.dumps(told))  # noqa: T201
    else:
        page = ["PROOF OF DELIVERY", ""] + [f"  {label:<9} {words}" for label, words in lines if not faults]
        page += [f"  FAULT     {one}" for one in faults] + ["", f"VERDICT   {verdict}"]
        if not faults and given.public_key is None:
            page.append("          The key came with this folder: give the one you got elsewhere (--public-key) to know who signed.")
        print("\n".join(page).encode("ascii", "backslashreplace").decode())  # noqa: T201
    return 1 if faults else 0 if receipt else 3

if __name__ == "__main__":
    sys.exit(main())
