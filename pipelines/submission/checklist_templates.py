"""Templates of checklists: the TOML files that give an offer its points, read and checked.

Shipped ones lie in pipelines/submission/templates, a firm's own in `templates/` of the home: a file of the same name takes the
place of the shipped one, unless it has a fault, which is then told and the shipped one goes on.

    title = "Navy offers"               order = 30            (later templates replace points of the same key)
    [applies]                           conditions as below; none: every notice
    [[points]]
    key = "egress_plan"                 small letters, digits and _
    title = "Egress plan signed"        up to 200 characters
    detail, evidence                    texts; required, locked: true or false; department: one of the ledger's
    due = { working_days = 3, hours = 4, minutes = 0 }            before the deadline; days end at 17:00 of the office
    depends_on = ["price"]              keys of this template or of a shipped one
    relies_on = ["text"]                deadline, set_aside, attachments, text: a change of it opens the point again
    when = { notice_types, sources, set_asides, naics, psc, agencies, flags, not_flags }        lists; each must fit

Not here: which points apply, when they are due (warehouse/domain/checklist.py).
"""

import functools
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warehouse.domain.access import Department
from warehouse.domain.checklist import Condition, DueBefore, Flag, Point, Reliance, Template, circle
from warehouse.domain.notice import NoticeType
from warehouse.settings import Settings

SHIPPED = Path(__file__).parent / "templates"
KEY = re.compile(r"[a-z0-9_]{1,60}")
MOST_BYTES = 500_000
MOST_POINTS = 200
MOST_DAYS = 60
"""Federal working days before a deadline: the ledger refuses more."""


@dataclass(frozen=True)
class Fault:
    """What is wrong in a template: its file, the line where it can be told (0: the file as a whole), and why."""

    file: str
    line: int
    why: str

    def __str__(self) -> str:
        """Write it as compilers do."""
        return f"{self.file}:{self.line}: {self.why}" if self.line else f"{self.file}: {self.why}"


@dataclass(frozen=True)
class Templates:
    """The templates in use and the faults of those that are not."""

    templates: tuple[Template, ...]
    faults: tuple[Fault, ...]


def firm_folder(settings: Settings) -> Path:
    """Return where a firm's own templates lie."""
    return settings.resolved_home / "templates"


def load_templates(settings: Settings) -> Templates:
    """Read the shipped templates and the firm's own; a file with a fault is told and left out."""
    shipped = _shipped()
    known = frozenset(point.key for template in shipped.templates for point in template.points)
    own = _read_folder(firm_folder(settings), known)
    by_name = {template.name: template for template in (*shipped.templates, *own.templates)}
    return Templates(tuple(by_name.values()), (*shipped.faults, *own.faults))


@functools.cache
def _shipped() -> Templates:
    return _read_folder(SHIPPED, frozenset())


def _read_folder(folder: Path, known: frozenset[str]) -> Templates:
    """Read a folder's files; `known` are keys of other templates that points may depend on, or those of the folder itself."""
    readings = [_read(path) for path in sorted(folder.glob("*.toml"))] if folder.is_dir() else []
    known = known | {p.key for r in readings if r.template is not None for p in r.template.points}
    for reading in readings:
        reading.check_depends(known)
    good = tuple(r.template for r in readings if r.template is not None and not r.faults)
    return Templates(good, tuple(fault for r in readings for fault in r.faults))


@dataclass
class _Reading:
    """A file while it is read: its text, so that a fault can name its line, and the faults found."""

    file: str
    text: str = ""
    template: Template | None = None
    faults: list[Fault] = field(default_factory=list)

    def fault(self, why: str, near: str = "") -> None:
        """Note a fault, at the line of the point that is called `near`, or of the word itself."""
        found = re.search(rf"^\s*key\s*=\s*[\"']{re.escape(near)}[\"']", self.text, re.M) if near else None
        line = self.text.count("\n", 0, found.start()) + 1 if found else 0
        self.faults.append(Fault(self.file, line, f"point {near}: {why}" if found else why))

    def check_depends(self, known: frozenset[str]) -> None:
        """Note points that wait for what there is not, or for themselves."""
        if self.template is None:
            return
        for point in self.template.points:
            for key in point.depends_on:
                if key not in known:
                    self.fault(f"depends_on names {key!r}, and no template has such a point", point.key)
        for key in circle({p.key: p.depends_on for p in self.template.points}):
            self.fault("depends_on leads back to the point itself", key)


def _read(path: Path) -> _Reading:
    reading = _Reading(path.name)
    try:
        if path.stat().st_size > MOST_BYTES:
            reading.fault(f"the file is larger than {MOST_BYTES:,} bytes")
            return reading
        reading.text = path.read_text(encoding="utf-8")
        data = tomllib.loads(reading.text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        reading.faults.append(
            Fault(path.name, int(line[1]) if line else reading.text.count("\n") + 1, f"no TOML: {error}")
        )
        return reading
    except (OSError, UnicodeDecodeError) as error:
        reading.fault(f"cannot be read: {error}")
        return reading
    reading.template = _template(path.stem, data, reading)
    return reading


def _template(name: str, data: Mapping[str, Any], reading: _Reading) -> Template:
    take = _Table(data, reading.fault)
    if not KEY.fullmatch(name):
        reading.fault("its name must be small letters, digits and _")
    raw = take.value("points", list, [])
    title = take.text("title", 200, is_needed=True)
    order = take.number("order", 1000, default=50)
    applies = _condition(take.value("applies", dict, {}), lambda why: reading.fault(f"applies: {why}"))
    take.end()
    if not 0 < len(raw) <= MOST_POINTS:
        reading.fault(f"it has {len(raw)} points; 1 to {MOST_POINTS} are possible")
    points = tuple(_point(item, number, reading) for number, item in enumerate(raw, 1))
    keys = [point.key for point in points]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        reading.fault("there are two of this key", key)
    return Template(name, title, order, applies, points)


def _point(item: object, number: int, reading: _Reading) -> Point:
    data = item if isinstance(item, dict) else {}
    key = str(data.get("key", ""))
    named = key if KEY.fullmatch(key) else ""
    tell: Callable[[str], None] = lambda why: reading.fault(why if named else f"point {number}: {why}", named)  # noqa: E731
    if not named:
        tell(f"key {key!r} must be small letters, digits and _")
    take = _Table(data, tell)
    take.value("key", str, "")
    department = take.one_of("department", list(Department))
    point = Point(
        key=key,
        title=take.text("title", 200, is_needed=True),
        detail=take.text("detail", 2000),
        is_required=take.value("required", bool, True),
        department=Department(department) if department else None,
        locked=take.value("locked", bool, False),
        due=_due(take.value("due", dict, None), tell),
        depends_on=tuple(take.texts("depends_on")),
        when=_condition(take.value("when", dict, {}), lambda why: tell(f"when: {why}")),
        evidence=take.text("evidence", 300),
        relies_on=frozenset(Reliance(name) for name in take.texts("relies_on", [r.value for r in Reliance])),
    )
    if point.locked and point.department is None:
        tell("locked needs a department")
    take.end()
    return point


def _due(data: Mapping[str, Any] | None, tell: Callable[[str], None]) -> DueBefore | None:
    if data is None:
        return None
    take = _Table(data, lambda why: tell(f"due: {why}"))
    days = take.number("working_days", MOST_DAYS)
    minutes = take.number("hours", 24 * 60) * 60 + take.number("minutes", 24 * 60)
    take.end()
    return DueBefore(days, minutes)


def _condition(data: Mapping[str, Any], tell: Callable[[str], None]) -> Condition:
    take = _Table(data, tell)
    flags = [flag.value for flag in Flag]
    found = Condition(
        notice_types=frozenset(take.texts("notice_types", [kind.value for kind in NoticeType])),
        sources=frozenset(take.texts("sources")),
        set_asides=frozenset(code.upper() for code in take.texts("set_asides")),
        naics=frozenset(take.texts("naics")),
        psc=frozenset(code.upper() for code in take.texts("psc")),
        agencies=frozenset(take.texts("agencies")),
        flags=frozenset(Flag(name) for name in take.texts("flags", flags)),
        not_flags=frozenset(Flag(name) for name in take.texts("not_flags", flags)),
    )
    take.end()
    return found


class _Table:
    """A TOML table read field by field: what is of another kind, or left over, is told."""

    def __init__(self, data: Mapping[str, Any], tell: Callable[[str], None]) -> None:
        self._data, self._tell, self._taken = data, tell, set[str]()

    def value(self, name: str, kind: type, default: Any) -> Any:
        """Take a field of a kind; the default where it is absent or of another."""
        self._taken.add(name)
        found = self._data.get(name, default)
        if name in self._data and type(found) is not kind:
            self._tell(f"{name} must be {KINDS[kind]}")
            return default
        return found

    def text(self, name: str, longest: int, *, is_needed: bool = False) -> str:
        """Take a text."""
        found = str(self.value(name, str, "")).strip()
        if is_needed and not found:
            self._tell(f"{name} is missing")
        if len(found) > longest:
            self._tell(f"{name} has {len(found)} characters; {longest} are possible")
        return found

    def number(self, name: str, most: int, default: int = 0) -> int:
        """Take a whole number from 0 on."""
        found: int = self.value(name, int, default)
        if not 0 <= found <= most:
            self._tell(f"{name} must be 0 to {most:,}")
            return default
        return found

    def texts(self, name: str, known: list[str] | None = None) -> Iterator[str]:
        """Take a list of texts; what is not among the known ones is told and left out."""
        for one in self.value(name, list, []):
            if not isinstance(one, str) or not one.strip() or (known is not None and one not in known):
                self._tell(f"{name}: {one!r} is not known" + (f" ({', '.join(known)})" if known else ""))
            else:
                yield one

    def one_of(self, name: str, known: list[Department]) -> str:
        """Take one of several words, or none."""
        found = self.text(name, 40)
        if found and found not in known:
            self._tell(f"{name}: {found!r} is not known ({', '.join(known)})")
            return ""
        return found

    def end(self) -> None:
        """Tell what nobody asked for: a misspelled name would be ignored in silence."""
        for name in sorted(self._data.keys() - self._taken):
            self._tell(f"{name} is not known here")


KINDS = {str: "a text", bool: "true or false", int: "a whole number", list: "a list", dict: "a table"}
