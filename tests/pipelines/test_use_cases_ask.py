"""Every use case that changes something asks the table of rights, first line: read from the source, so that none is forgotten."""

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from warehouse.settings import ROOT

CHECKS = {"check", "access.check"}
WRITING = {"deed", "housekeeping"}

OF_THE_PRODUCT = {
    "signing in and what a session's own id opens: nobody is anybody yet, the deed is the proof itself": {
        "pipelines.administration.attempts.charge",
        "pipelines.administration.attempts.forgive",
        "pipelines.administration.one_time_links.use_link",
        "pipelines.administration.second_factor.accept_code",
        "pipelines.administration.second_factor.confirm",
        "pipelines.administration.second_factor.current_or_new_enrolment",
        "pipelines.administration.sessions.find_person",
        "pipelines.administration.sessions.open_session",
        "pipelines.administration.sessions.person_of_handle",
        "pipelines.administration.sessions.renew_id",
        "pipelines.administration.sessions.sign_out",
        "pipelines.administration.sign_in.enter_code",
        "pipelines.administration.sign_in.finish_enrolment",
        "pipelines.administration.sign_in.sign_in",
        "pipelines.administration.sign_in.take_over",
        "pipelines.administration.tokens.open_tokens",
        "pipelines.administration.tokens.refresh_tokens",
        "pipelines.administration.calendar_feeds.read_calendar",
    },
    "the operator at the machine's command line, who holds the home's files": {
        "pipelines.administration.key_rotation.rotate_api",
        "pipelines.administration.key_rotation.rotate_audit",
        "pipelines.administration.vault_rotation.retire_vault_keys",
        "pipelines.administration.vault_rotation.rotate_vault",
    },
    "the verdict on a file is the product's own, and doctor and purge remove only bytes that no row names": {
        "pipelines.administration.stored_files.remove_unnamed",
        "pipelines.submission.file_scans.scan",
    },
    "a worker carries what a person started, or what autonomy allows; the ledger's functions ask who, when and what": {
        "pipelines.submission.autonomy.start_by_itself",
        "pipelines.submission.deliveries_due.ask_for_due",
        "pipelines.submission.follow_up.follow_up_deliveries",
        "pipelines.submission.outcomes.accept",
        "pipelines.submission.outcomes.end_dry_run",
        "pipelines.submission.outcomes.enter",
        "pipelines.submission.outcomes.fail",
        "pipelines.submission.outcomes.intend",
        "pipelines.submission.outcomes.put_down",
        "pipelines.submission.outcomes.refuse",
        "pipelines.submission.outcomes.to_person",
        "pipelines.submission.submit.work_delivery",
    },
    "runs of the product": {
        "pipelines.administration.notices_due.tell_what_is_due",
        "pipelines.administration.notification_sending.plan",
        "pipelines.administration.notification_sending.send_due",
        "pipelines.administration.saved_searches.tell_new_matches",
        "pipelines.administration.credentials.refresh_statuses",
        "pipelines.discovery.discover.land_source",
        "pipelines.discovery.polite.ask",
        "pipelines.discovery.discover.read_landings",
        "pipelines.discovery.publish.publish_opportunities",
        "pipelines.qualification.bulk.send_basket",
        "pipelines.qualification.bulk_follow.follow_batches",
        "pipelines.qualification.bulk_read.read_batches",
        "pipelines.qualification.profiles.ensure_company",
        "pipelines.qualification.qualify.ensure_word_table",
        "pipelines.qualification.qualify.qualify_open_opportunities",
        "pipelines.submission.approval_freeze.finish_approvals",
        "pipelines.submission.approval_freeze.void_changed",
    },
}
"""Deeds of the product itself, which take nobody's right into account, by the reason."""
NAMED = frozenset(name for names in OF_THE_PRODUCT.values() for name in names)


@dataclass
class Function:
    """What matters of one function: its module and name, whom it calls, whether it takes who acts."""

    name: str
    is_public: bool
    takes_by: bool
    calls: set[str] = field(default_factory=set)

    @property
    def writes(self) -> bool:
        return any(call.rpartition(".")[2] in WRITING and "." in call for call in self.calls)

    @property
    def asks(self) -> bool:
        return bool(self.calls & CHECKS)


def functions_of(module: str, source: str) -> Iterator[Function]:
    """Yield the functions of a module; names that they call are resolved to other functions of pipelines."""
    tree = ast.parse(source)
    known = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    own = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            arguments = {a.arg for a in (*node.args.args, *node.args.kwonlyargs)}
            found = Function(f"{module}.{node.name}", not node.name.startswith("_"), "by" in arguments)
            for inner in ast.walk(node):
                if isinstance(inner, ast.Call):
                    called = ast.unparse(inner.func)
                    head, _, rest = called.partition(".")
                    if called in own:
                        called = f"{module}.{called}"
                    elif known.get(head, "").startswith(("pipelines", "warehouse.ledger")):
                        called = known[head] + (f".{rest}" if rest else "")
                    elif known.get(called) == "warehouse.domain.access.check":
                        called = "access.check"
                    found.calls.add(called)
            yield found


def unasked(modules: dict[str, str]) -> set[str]:
    """Public functions that write, themselves or through others, and take nobody's right into account."""
    functions = {f.name: f for module, source in modules.items() for f in functions_of(module, source)}

    def asks(function: Function, seen: frozenset[str] = frozenset()) -> bool:
        inner = [functions[c] for c in function.calls if c in functions and c not in seen]
        return function.asks or any(asks(f, seen | {function.name}) for f in inner)

    def writes_unasked(function: Function, seen: frozenset[str] = frozenset()) -> bool:
        if function.takes_by and asks(function):
            return False
        if function.writes:
            return True
        inner = [functions[c] for c in function.calls if c in functions and c not in seen]
        return any(writes_unasked(f, seen | {function.name}) for f in inner if f.name not in NAMED)

    return {f.name for f in functions.values() if f.is_public and f.name.startswith("pipelines.") and writes_unasked(f)}


def sources() -> dict[str, str]:
    """The use cases, and what they may write through."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text(encoding="utf-8")
        for folder in ("pipelines", "warehouse/ledger")
        for path in sorted(Path(ROOT, folder).rglob("*.py"))
        if path.name != "store.py"
    }


def test_every_use_case_that_writes_asks_or_is_the_products_own() -> None:
    assert sorted(unasked(sources()) - NAMED) == []


def test_the_list_of_the_products_own_deeds_holds_nothing_that_is_gone() -> None:
    assert sorted(NAMED - unasked(sources())) == []


def example(source: str) -> set[str]:
    return unasked({"pipelines.example": textwrap.dedent(source)})


def test_a_use_case_that_asks_nobody_is_found() -> None:
    assert example("""
        from warehouse.domain import access
        def set_thing(ledger, *, by):
            with ledger.deed(EVENT, by) as deed:
                deed.execute("update things")
    """) == {"pipelines.example.set_thing"}


def test_a_use_case_that_writes_through_a_private_function_is_found() -> None:
    assert example("""
        def set_thing(ledger, *, by):
            _write(ledger, by)
        def _write(ledger, by):
            with ledger.deed(EVENT, by) as deed:
                deed.execute("update things")
    """) == {"pipelines.example.set_thing"}


def test_a_use_case_that_asks_without_knowing_who_is_found() -> None:
    assert example("""
        from warehouse.domain import access
        def set_thing(ledger):
            access.check(SOMEBODY, ACTION)
            with ledger.housekeeping() as tx:
                tx.execute("update things")
    """) == {"pipelines.example.set_thing"}


def test_a_check_of_something_else_is_no_right() -> None:
    assert example("""
        from pipelines.passwords import check
        def set_thing(ledger, *, by):
            check(by, "password")
            with ledger.deed(EVENT, by) as deed:
                deed.execute("update things")
    """) == {"pipelines.example.set_thing"}


def test_a_use_case_that_asks_is_in_order() -> None:
    assert (
        example("""
        from warehouse.domain import access
        def set_thing(ledger, *, by):
            _check(by)
            _write(ledger, by)
        def _check(by):
            access.check(by, ACTION)
        def _write(ledger, by):
            with ledger.deed(EVENT, by) as deed:
                deed.execute("update things")
    """)
        == set()
    )
