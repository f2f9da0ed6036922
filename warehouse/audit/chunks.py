"""Going through the records of a log, chunk by chunk, in this process or in two: links, signatures, bytes, tree.

A chunk's first record is taken at its word for what it follows; whoever joins the chunks compares that with the end of
the one before. Not here: checkpoints and what a verdict is (verify.py).
"""

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from warehouse.addresses import conninfo
from warehouse.audit.keys import AuditKeys
from warehouse.audit.merkle import Frontier, levels, part_of
from warehouse.audit.records import Link, RecordChecker, iso, read_rows
from warehouse.errors import StoreUnavailable
from warehouse.settings import ROOT, Settings

CHUNK = 32_768
"""A power of two: the chunks' trees join without touching a leaf again."""
WORTH_PROCESSES = 8 * CHUNK
"""Starting two processes takes as long as checking some 200,000 records."""
PROCESSES = 2
Progress = Callable[[int, int], None]
Leaves = Callable[[int, bytes], None]
"""Hears the leaf hashes of a chunk, joined, and the number of its first record."""


@dataclass(frozen=True)
class Task:
    """Which records to look at, and at which sizes of the log the tree is asked for."""

    begin: int
    end: int
    probes: Sequence[int]


@dataclass
class Found:
    """What one chunk came to. `begins` is what its first record says it follows."""

    begins: Link
    ends: Link
    position: int = 0
    fault: str = ""
    parts: dict[int, Frontier] = field(default_factory=dict)
    leaves: bytes = b""


@dataclass
class Walk:
    """What all records came to: where it ended, the root at each size asked for, and the first fault."""

    link: Link
    frontier: Frontier
    roots: dict[int, bytes] = field(default_factory=dict)
    position: int = 0
    fault: str = ""


def walk(
    connection: psycopg.Connection[Any],
    keys: AuditKeys,
    *,
    link: Link,
    frontier: Frontier,
    head: int,
    probes: Sequence[int],
    settings: Settings | None = None,
    progress: Progress | None = None,
    hear: Leaves | None = None,
) -> Walk:
    """Check the records after a link up to the head; `settings` given: in two processes where it is worth it."""
    walked = Walk(link, frontier.copy())
    tasks = _tasks(link.seq, head, probes)
    begun = link.seq
    wants_processes = settings is not None and head - begun >= WORTH_PROCESSES
    if settings is not None and wants_processes:
        results = _in_processes(settings, keys, tasks, link)
    else:
        results = (check_chunk(connection, keys, task, link if n == 0 else None) for n, task in enumerate(tasks))
    for task, found in zip(tasks, results, strict=False):
        _join(walked, task, found)
        if hear is not None:
            hear(task.begin, found.leaves)
        if progress is not None:
            progress(min(task.end, head) - begun, head - begun)
        if walked.fault:
            break
    return walked


def _tasks(after: int, head: int, probes: Sequence[int]) -> list[Task]:
    """Cut the records into chunks that begin at multiples of their size, but for the first."""
    tasks, begin, asked = [], after + 1, sorted(probe for probe in set(probes) if after < probe <= head)
    place = 0
    while begin <= head:
        end = min(head, ((begin - 1) // CHUNK + 1) * CHUNK)
        last = place
        while last < len(asked) and asked[last] <= end:
            last += 1
        tasks.append(Task(begin, end, asked[place:last]))
        place, begin = last, end + 1
    return tasks


def check_chunk(connection: psycopg.Connection[Any], keys: AuditKeys, task: Task, link: Link | None) -> Found:
    """Check the records of one chunk; without a link its first record is taken at its word."""
    checker: RecordChecker | None = RecordChecker(keys, link) if link is not None else None
    begins, leaves = link or Link(task.begin - 1), list[bytes]()
    position, fault = 0, ""
    for rows in read_rows(connection, task.begin - 1, task.end):
        if checker is None:
            begins = Link(task.begin - 1, rows[0][7], iso(rows[0][1]))
            checker = RecordChecker(keys, begins)
        checked = checker.check(rows)
        leaves += checked.leaves
        if checked.fault:
            position, fault = checked.position, checked.fault
            break
    if not fault and len(leaves) < task.end - task.begin + 1:
        position, fault = task.begin + len(leaves), "it is missing"
    built = _parts(task, leaves)
    return Found(begins, checker.link if checker else begins, position, fault, built, b"".join(leaves))


def _parts(task: Task, leaves: Sequence[bytes]) -> dict[int, Frontier]:
    """Return the chunk's own tree at each size asked for, and at its end, as long as its records hold."""
    last = task.begin - 1 + len(leaves)
    asked = [probe for probe in (*task.probes, last) if task.begin <= probe <= last]
    if (task.begin - 1) % CHUNK:  # it begins in the middle of a tree: leaf by leaf
        return {probe: Frontier(1, [leaf]) for probe, leaf in enumerate(leaves, start=task.begin)}
    built = levels(leaves)
    return {probe: part_of(built, probe - task.begin + 1) for probe in asked}


def _join(walked: Walk, task: Task, found: Found) -> None:
    """Put a chunk behind what was walked so far."""
    if found.begins != walked.link and found.parts:
        before = found.begins.signature == walked.link.signature
        if not before or found.begins.at < walked.link.at:
            why = "its time is before its predecessor's" if before else "it does not follow its predecessor"
            walked.position, walked.fault = task.begin, why
            return
    asked, last = set(task.probes), max(found.parts, default=0)
    if (task.begin - 1) % CHUNK:
        for probe in sorted(found.parts):
            walked.frontier.append_part(found.parts[probe])
            if probe in asked:
                walked.roots[probe] = walked.frontier.root()
    else:
        for probe in sorted(asked & found.parts.keys()):
            grown = walked.frontier.copy()
            grown.append_part(found.parts[probe])
            walked.roots[probe] = grown.root()
        if last:
            walked.frontier.append_part(found.parts[last])
    walked.link, walked.position, walked.fault = found.ends, found.position, found.fault


@dataclass(frozen=True)
class Work:
    """What one of the two processes is asked to do; never an argument or the environment, it holds the keys."""

    where: dict[str, str] = field(repr=False)
    keys: AuditKeys
    tasks: Sequence[Task]
    link: Link | None


def _in_processes(settings: Settings, keys: AuditKeys, tasks: Sequence[Task], link: Link) -> Iterator[Found]:
    """Let two processes check every other chunk each, and yield what they find in order."""
    command = [sys.executable, "-m", "warehouse.audit.chunk_worker"]
    workers = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(PROCESSES)
    ]
    try:
        for number, worker in enumerate(workers):
            assert worker.stdin is not None  # noqa: S101 - both are pipes
            first = link if number == 0 else None
            pickle.dump(
                Work(conninfo("procura_app", settings=settings), keys, tasks[number::PROCESSES], first), worker.stdin
            )
            worker.stdin.close()
        for number in range(len(tasks)):
            output = workers[number % PROCESSES].stdout
            assert output is not None  # noqa: S101 - both are pipes
            yield pickle.load(output)  # noqa: S301 - from our own child
    except (EOFError, BrokenPipeError) as error:
        raise StoreUnavailable("a process that verifies the log has ended.", todo="try again.") from error
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
            if worker.stdout is not None:
                worker.stdout.close()
