"""Twenty people in one workspace at once: what each does, what was acknowledged, when the others saw it. Figures, no judgement."""

import random
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.streamlit_person import Someone, at_page

REFUSED = "changed this offer since"
PAUSE_SECONDS = (2.0, 8.0)
"""Between two deeds of one person: far less than people take."""
LOOK_SECONDS = 0.05


@dataclass
class Written:
    """One acknowledged write that others are to see."""

    what: str
    value: bool
    by: int
    at: float
    seen_by: set[int] = field(default_factory=set)


@dataclass
class Crowd:
    """What happened; all lists grow while people work."""

    notes: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    refused: int = 0
    ticks: dict[int, bool] = field(default_factory=dict)
    ticked: int = 0
    faults: list[str] = field(default_factory=list)
    seen_after: list[float] = field(default_factory=list)
    answered_in: list[float] = field(default_factory=list)
    runs: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    open_writes: dict[str, Written] = field(default_factory=dict)

    def wrote(self, what: str, value: bool, by: int) -> None:
        """Remember an acknowledged write; a later one of the same thing takes its place."""
        with self.lock:
            self.open_writes[what] = Written(what, value, by, time.monotonic())

    def look(self, who: int, page: Someone) -> None:
        """Note what of others a page shows now."""
        now, texts = time.monotonic(), page.texts
        boxes = {
            w.label.strip(":gray[]"): w.value for p in page.parts.values() for w in p.widgets if w.kind == "checkbox"
        }
        with self.lock:
            for write in self.open_writes.values():
                is_there = (
                    boxes.get(write.what) == write.value if write.what.startswith("Point") else write.what in texts
                )
                if who != write.by and who not in write.seen_by and is_there:
                    write.seen_by.add(who)
                    self.seen_after.append(now - write.at)

    def report(self, seconds: float) -> str:
        """Say it in a few lines."""
        seen, answers = sorted(self.seen_after) or [0.0], sorted(self.answered_in) or [0.0]
        within = sum(s <= 1 for s in seen) / max(len(seen), 1)
        return (
            f"{seconds:.0f} s: {self.ticked} ticks, {len(self.notes)} notes, {len(self.labels)} renames acknowledged,"
            f" {self.refused} renames refused with the sentence, {len(self.faults)} errors, {self.runs} runs of the page;"
            f" answered in {statistics.median(answers):.2f} s (99%: {answers[int(len(answers) * 0.99) - 1]:.2f} s);"
            f" {len(seen)} sightings by others, median {statistics.median(seen):.2f} s,"
            f" 99% {seen[int(len(seen) * 0.99) - 1]:.2f} s, within 1 s: {within:.1%}"
        )


def work(address: str, cookies: Sequence[dict[str, str]], submission_id: str, seconds: float) -> Crowd:
    """Let one person a cookie work in a workspace; `Point 00` … are the boxes that they tick, each an own one."""
    crowd = Crowd()
    threads = [
        threading.Thread(target=_live, args=(crowd, who, address, cookie, submission_id, seconds))
        for who, cookie in enumerate(cookies)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return crowd


def _live(crowd: Crowd, who: int, address: str, cookies: dict[str, str], submission_id: str, seconds: float) -> None:
    try:
        _work(crowd, who, address, cookies, submission_id, seconds)
    except Exception as error:  # noqa: BLE001 - the outermost edge of a thread: what ends it is a fault
        crowd.faults.append(f"{who:02d} left: {error!r}")


def _work(crowd: Crowd, who: int, address: str, cookies: dict[str, str], submission_id: str, seconds: float) -> None:
    dice, number = random.Random(who), 0
    with at_page(address, cookies, "workspace", f"id={submission_id}&part=notes") as page:
        end = time.monotonic() + seconds
        due = time.monotonic() + dice.uniform(*PAUSE_SECONDS)
        while time.monotonic() < end:
            page.let_refresh()
            crowd.look(who, page)
            if time.monotonic() >= due:
                number += 1
                begun = time.monotonic()
                dice.choice((_tick, _tick, _note, _rename))(crowd, who, number, page)
                crowd.answered_in.append(time.monotonic() - begun)
                due = time.monotonic() + dice.uniform(*PAUSE_SECONDS)
            crowd.faults += page.faults
            assert page.refreshing, f"the page no longer watches: {page.texts[-500:]}"
            time.sleep(LOOK_SECONDS)
        crowd.runs += page.runs


def _tick(crowd: Crowd, who: int, _: int, page: Someone) -> None:
    label = f"Point {who:02d}"
    wanted = not crowd.ticks.get(who, False)
    page.tick(label, wanted)
    box = page.find("checkbox", label)
    if box is None or box.value is not wanted:
        crowd.faults.append(f"{label} is not there on the next rerun: {page.texts[:300]}")
        return
    crowd.ticks[who] = wanted
    crowd.ticked += 1
    crowd.wrote(label, wanted, who)


def _note(crowd: Crowd, who: int, number: int, page: Someone) -> None:
    text = f"note {who:02d} {number:04d}"
    page.fill("text_area", "Note", text)
    page.press("Write note")
    if text not in page.texts:
        crowd.faults.append(f"{text} is not there on the next rerun")
        return
    crowd.notes.append(text)
    crowd.wrote(text, True, who)


def _rename(crowd: Crowd, who: int, number: int, page: Someone) -> None:
    label = f"Name{who:02d}x{number:04d}"
    page.fill("text_input", "Name", label)
    page.press("Rename")
    if REFUSED in page.texts:
        crowd.refused += 1
    else:
        crowd.labels.append(label)
