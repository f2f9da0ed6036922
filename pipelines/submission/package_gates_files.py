"""Gates about the files of a package: scanned, of the right kind, within limits, named as demanded. Pure.

Not here: their list and what is asked about the offer around them (package_gates.py), the scan itself (scan.py).
"""

from collections.abc import Sequence
from pathlib import PurePosixPath

from pipelines.submission.package_state import PackageState, Packed
from warehouse.domain.package import TYPES, Gate, size_words, type_of
from warehouse.domain.package_names import fault_of_name, follows
from warehouse.domain.submission_file import ScanStatus
from warehouse.ledger.submission_files import FileRow

MAY_HOLD_MACROS = ("officedocument", "ms-excel", "msword", "ms-word", "ms-powerpoint", "x-ole", "opendocument")
"""Parts of media types whose files can carry programs: of one that was let pass unscanned, "no" is not assumed."""


def has_files(state: PackageState) -> Gate:
    """There is something to send."""
    name = "Files are chosen"
    if state.packed:
        return Gate(name, True, f"{len(state.packed)} {'file' if len(state.packed) == 1 else 'files'}.")
    return Gate(name, False, "The package is empty.", "Add a file to the package.")


def none_is_empty(state: PackageState) -> Gate:
    """No file is without content."""
    name, found = "No file is empty", [n for n, file in state.files if file.size_bytes == 0]
    if found:
        return Gate(name, False, f"Nothing is in {some(found)}.", "Upload it again.")
    return Gate(name, True, "All have content.")


def files_are_scanned(state: PackageState) -> Gate:
    """The latest version of each was found clean, or let pass by a named officer."""
    name = "Every file was scanned"
    missing = [packed.name for packed in state.packed if packed.file is None]
    if missing:
        return Gate(
            name,
            False,
            f"Removed from the workspace: {some(missing)}.",
            "Take it out of the package, or upload it again.",
        )
    failing = [(packed_name, file) for packed_name, file in state.files if not file.passes]
    if failing:
        told = some([f"{packed_name} is {_scan_words(file)}" for packed_name, file in failing])
        return Gate(
            name, False, f"{told}.", "Replace what was refused; let an officer decide about what could not be scanned."
        )
    let_pass = [f"{n} by {file.overrider_email or 'an officer'}" for n, file in state.files if file.override_by]
    if let_pass:
        return Gate(name, True, f"Let pass without a whole scan: {some(let_pass)}.", warns=True)
    return Gate(name, True, "All are clean.")


def has_no_macros(state: PackageState) -> Gate:
    """No file carries a program."""
    name = "No file has macros"
    found = [n for n, file in state.files if file.scan_findings.get("has_macros")]
    if found:
        return Gate(name, False, f"Macros in {some(found)}.", "Save it without macros and upload it again.")
    unknown = [n for n, f in state.files if "has_macros" not in f.scan_findings and _may_hide_macros(f)]
    if unknown:
        return Gate(name, False, f"Not known of {some(unknown)}.", "Scan it again, or save it as PDF.")
    return Gate(name, True, "None was found.")


def has_no_password(state: PackageState) -> Gate:
    """The contracting office can open every file."""
    name = "No file has a password"
    found = [n for n, file in state.files if file.scan_findings.get("is_encrypted")]
    if found:
        return Gate(name, False, f"A password protects {some(found)}.", "Save it without one and upload it again.")
    return Gate(name, True, "None was found.")


def types_are_allowed(state: PackageState) -> Gate:
    """Each file's content is of a type that the solicitation takes."""
    name, allowed = "File types are allowed", state.limits.file_types
    if not allowed:
        return Gate(name, True, "The solicitation states none.")
    contents = {content for ending in allowed for content in TYPES[ending]}
    words = ", ".join(allowed)
    wrong = [f"{n} ({type_of(file.media_type)})" for n, file in state.files if file.media_type not in contents]
    if wrong:
        return Gate(name, False, f"{words} are taken, not {some(wrong)}.", "Save it as one of these types.")
    return Gate(name, True, f"All are {words}.")


def each_file_fits(state: PackageState) -> Gate:
    """No file is larger than the solicitation lets a file be."""
    name, limit = "Each file fits", state.limits.file_bytes
    if limit is None:
        return Gate(name, True, "The solicitation states no limit a file.")
    large = [f"{n} has {size_words(file.size_bytes)}" for n, file in state.files if file.size_bytes > limit]
    if large:
        return Gate(name, False, f"{some(large)}; {size_words(limit)} are taken.", "Make it smaller, or split it.")
    return Gate(name, True, f"None has more than {size_words(limit)}.")


def total_fits(state: PackageState) -> Gate:
    """All files together are within the limit, as large as the way to deliver makes them."""
    name, limit, carried = "The whole fits", state.total_limit, state.carried_bytes
    grown = carried > state.total_bytes
    now = size_words(state.total_bytes) + (f", as e-mail {size_words(carried)}" if grown else "")
    if limit is None:
        return Gate(name, True, f"{now}; the solicitation states no limit.")
    whence = "as the solicitation states" if state.limits.total_bytes else "usual where the solicitation states none"
    if carried > limit:
        todo = "Make files smaller, or state the solicitation's own limit; one message carries the whole package."
        return Gate(name, False, f"{now}; {size_words(limit)} are taken, {whence}.", todo)
    return Gate(name, True, f"{now} of {size_words(limit)}, {whence}.")


def names_are_good(state: PackageState) -> Gate:
    """Names are taken everywhere, fit what the files are, and follow the solicitation's template."""
    faults = [
        f"{packed.name} {fault}"
        for place, packed in enumerate(state.packed, 1)
        if (fault := _fault_of_name(state, place, packed))
    ]
    name = "Names are as demanded"
    if faults:
        return Gate(name, False, f"{some(faults)}.", "Rename it in the package.")
    template = state.limits.name_template
    return Gate(name, True, f"All follow {template}." if template else "All are taken everywhere.")


def names_differ(state: PackageState) -> Gate:
    """No two files are named alike, whatever the case of letters."""
    seen = [packed.name.lower() for packed in state.packed]
    twice = sorted({packed.name for packed in state.packed if seen.count(packed.name.lower()) > 1})
    name = "Names differ"
    return (
        Gate(name, False, f"Twice: {some(twice)}.", "Rename one.") if twice else Gate(name, True, "No two are alike.")
    )


def volumes_are_there(state: PackageState) -> Gate:
    """Each wanted volume has a file, and no file is of a volume that nobody wants."""
    name, wanted = "Volumes are complete", state.limits.volumes
    if not wanted:
        return Gate(name, True, "The solicitation states no volumes.")
    found = {_key(packed.item.volume) for packed in state.packed}
    missing = [volume for volume in wanted if _key(volume) not in found]
    if missing:
        return Gate(
            name,
            False,
            f"{len(wanted) - len(missing)} of {len(wanted)}; no file for {some(missing)}.",
            "Add one, or set a file's volume.",
        )
    known = {_key(volume) for volume in wanted}
    stray = [f"{p.name} ({p.item.volume or 'no volume'})" for p in state.packed if _key(p.item.volume) not in known]
    if stray:
        return Gate(name, False, f"Of no wanted volume: {some(stray)}.", "Set the file's volume.")
    return Gate(name, True, f"{len(wanted)} of {len(wanted)}.")


def pages_are_within_limits(state: PackageState) -> Gate:
    """No volume has more pages than the solicitation lets it have; pages that nobody knows are told."""
    name, limits = "Page limits hold", state.limits.pages
    if not limits:
        return Gate(name, True, "The solicitation states none.")
    by_volume = {volume: [p for p in state.packed if _key(p.item.volume) == _key(volume)] for volume in limits}
    unknown = [p.name for packed in by_volume.values() for p in packed if p.pages is None]
    if unknown:
        return Gate(
            name, False, f"Pages are not known of {some(unknown)}.", "Save it as PDF, or count them and say how many."
        )
    found = {volume: sum(p.pages or 0 for p in packed) for volume, packed in by_volume.items()}
    over = [
        f"{volume} has {found[volume]} of {limit} pages" for volume, limit in limits.items() if found[volume] > limit
    ]
    if over:
        return Gate(name, False, f"{some(over)}.", "Shorten it.")
    told = "; ".join(f"{volume} {found[volume]} of {limit}" for volume, limit in limits.items())
    by_hand = any(p.is_counted for packed in by_volume.values() for p in packed)
    return Gate(name, True, f"{told}{', partly counted by hand' if by_hand else ''}.", warns=by_hand)


def some(names: Sequence[str], most: int = 3) -> str:
    """Name the first few of several things, and how many more there are."""
    rest = len(names) - most
    return "; ".join(names[:most]) + (f"; and {rest} more" if rest > 0 else "")


def placeholders_of(state: PackageState, place: int, volume: str, file: FileRow | None) -> dict[str, str]:
    """Return what the placeholders of a template for names stand for."""
    return {
        "solicitation_number": state.submission.solicitation_number or "",
        "volume": volume,
        "number": str(place),
        "document": PurePosixPath(file.file_name).stem if file else "",
    }


def _fault_of_name(state: PackageState, place: int, packed: Packed) -> str:
    if fault := fault_of_name(packed.name, longest=state.limits.name_length):
        return fault
    if packed.file and (fault := _fault_of_ending(packed.name, packed.file)):
        return fault
    template = state.limits.name_template
    values = placeholders_of(state, place, packed.item.volume, packed.file)
    if template and not follows(packed.name, template, values):
        missing = " (it has no volume yet)" if "{volume}" in template and not packed.item.volume else ""
        return f"does not follow {template}{missing}"
    if "{volume}" in template and not packed.item.volume:
        return "has no volume, which its name must say"
    return ""


def _fault_of_ending(name: str, file: FileRow) -> str:
    ending = PurePosixPath(name).suffix[1:].lower()
    known = {content for contents in TYPES.values() for content in contents}
    if file.media_type in known and file.media_type not in TYPES.get(ending, ()):
        return f"ends with .{ending}, but it is {type_of(file.media_type)}"
    return ""


def _may_hide_macros(file: FileRow) -> bool:
    return file.scan_status is not ScanStatus.CLEAN and any(part in file.media_type for part in MAY_HOLD_MACROS)


def _scan_words(file: FileRow) -> str:
    words = {
        ScanStatus.PENDING: "not scanned yet",
        ScanStatus.REFUSED: "refused",
        ScanStatus.NOT_SCANNED: "not scanned",
    }
    reason = f" ({file.scan_reason.rstrip('.')})" if file.scan_reason else ""
    return f"{words.get(file.scan_status, file.scan_status.value)}{reason}"


def _key(volume: str) -> str:
    return " ".join(volume.split()).lower()
