"""`procura user`: people and their roles, by whoever may read the home; each deed is audited as the system's."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import print_json, print_rows
from warehouse.clock import now
from warehouse.domain.access import Department, Role
from warehouse.errors import BadInput
from warehouse.settings import current

if TYPE_CHECKING:
    from pipelines.administration.one_time_links import OneTimeLink
    from warehouse.ledger.people import Profile
    from warehouse.ledger.store import Ledger

app = typer.Typer(help="People and their roles.", no_args_is_help=True, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")]
Address = Annotated[str, typer.Argument(help="The person's e-mail address.")]
RoleOption = Annotated[Role, typer.Option(help="What the person may do.")]
DepartmentOption = Annotated[Department, typer.Option(help="Which approvals may be signed.")]


@contextmanager
def _ledger() -> "Iterator[Ledger]":
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    with open_stores(current()):
        yield open_ledger("procura_app")


@app.command()
def add(
    email: Address,
    role: RoleOption = Role.VIEWER,
    department: DepartmentOption = Department.CONTRACTS,
    password_file: Annotated[
        Path | None, typer.Option(help="Read the password from this file; else it is asked for, or read from a pipe.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add a person. The password never is an argument: the list of processes would show it."""
    from pipelines.administration.people import add_person

    password = _password(password_file)
    with _ledger() as ledger:
        person = add_person(ledger, email=email, role=role, department=department, password=password, at=now())
    told = {"id": person.id, "email": person.email, "role": person.role, "department": person.department}
    print_json(told) if as_json else print(f"{person.email} may sign in as {person.role.value.replace('_', ' ')}.")


@app.command()
def invite(
    email: Address,
    role: RoleOption = Role.VIEWER,
    department: DepartmentOption = Department.CONTRACTS,
    as_json: AsJson = False,
) -> None:
    """Add a person who sets the password by a link, good once and for a week; it is shown only now."""
    from pipelines.administration.one_time_links import invite_person

    with _ledger() as ledger:
        link = invite_person(ledger, email=email, role=role, department=department, at=now())
    _show_link(link, as_json)


@app.command()
def reset(
    email: Address,
    second_factor_lost: Annotated[
        bool, typer.Option("--second-factor-lost", help="Take the second factor away too: the telephone is lost.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Take a password away, end the sessions, and show a link that sets a new one, good once and for a day."""
    from pipelines.administration.one_time_links import reset_password

    with _ledger() as ledger:
        link = reset_password(ledger, email, at=now(), is_second_factor_lost=second_factor_lost)
    _show_link(link, as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List everybody who has an account."""
    from pipelines.administration.people import list_people

    with _ledger() as ledger:
        rows = [_row(profile) for profile in list_people(ledger, at=now())]
    if as_json:
        print_json(rows)
    else:
        print_rows(list(rows[0]) if rows else ["email"], [list(row.values()) for row in rows])


def _row(profile: "Profile") -> dict[str, object]:
    return {
        "email": profile.person.email,
        "role": profile.person.role.value,
        "department": profile.person.department.value,
        "is_demo": profile.person.is_demo,
        "is_disabled": profile.is_disabled,
        "has_password": profile.has_password,
        "has_second_factor": profile.has_second_factor,
        "created_at": profile.created_at,
    }


@app.command()
def role(
    email: Address,
    to: Annotated[Role, typer.Argument(help="The new role.")],
    department: Annotated[Department | None, typer.Option(help="The new department; unchanged when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give a person another role; open sessions end."""
    from pipelines.administration.people import set_role

    with _ledger() as ledger:
        person = set_role(ledger, email, to, department, at=now())
    told = {"email": person.email, "role": person.role, "department": person.department}
    print_json(told) if as_json else print(f"{person.email} is now {person.role.value.replace('_', ' ')}.")


@app.command()
def disable(email: Address, as_json: AsJson = False) -> None:
    """Shut an account: its sessions end at once, and nobody can sign in to it."""
    from pipelines.administration.people import disable_person

    with _ledger() as ledger:
        person = disable_person(ledger, email, at=now())
    told = {"email": person.email, "is_disabled": True}
    print_json(told) if as_json else print(f"{person.email} is disabled.")


@app.command()
def enable(email: Address, as_json: AsJson = False) -> None:
    """Open a shut account again; the password is as it was."""
    from pipelines.administration.people import enable_person

    with _ledger() as ledger:
        person = enable_person(ledger, email, at=now())
    told = {"email": person.email, "is_disabled": False}
    print_json(told) if as_json else print(f"{person.email} may sign in again.")


def _show_link(link: "OneTimeLink", as_json: bool) -> None:
    """Show where the app is reached now, or would be: the link is good as long as the home is the same."""
    from cli.app_address import app_url
    from cli.state import read_state

    state = read_state(current())
    base = state.app_url if state and state.app_url else app_url(current(), current().app_port)
    address = f"{base.rstrip('/')}{link.path}"
    if as_json:
        print_json({"email": link.person.email, "link": address, "expires_at": link.expires_at})
    else:
        print(f"{link.person.email} sets a password here, once, until {link.expires_at:%Y-%m-%d %H:%M} UTC:\n{address}")


def _password(file: Path | None) -> str:
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"the password file {file} cannot be read: {error}.", kept="nobody was added.") from None
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
