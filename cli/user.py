"""`procura user`: people and their roles, by whoever may read the home; each deed is audited as the system's."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.output import print_json, print_rows
from warehouse.clock import now
from warehouse.domain.access import Department, Role
from warehouse.errors import BadInput
from warehouse.settings import current

app = typer.Typer(help="People and their roles.", no_args_is_help=True, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")]
Address = Annotated[str, typer.Argument(help="The person's e-mail address.")]


@app.command()
def add(
    email: Address,
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.VIEWER,
    department: Annotated[Department, typer.Option(help="Which approvals may be signed.")] = Department.CONTRACTS,
    password_file: Annotated[
        Path | None, typer.Option(help="Read the password from this file; else it is asked for, or read from a pipe.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add a person. The password never is an argument: the list of processes would show it."""
    from pipelines.administration.people import add_person
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    password = _password(password_file)
    with open_stores(current()):
        person = add_person(
            open_ledger("procura_app"), email=email, role=role, department=department, password=password, at=now()
        )
    told = {"id": person.id, "email": person.email, "role": person.role, "department": person.department}
    print_json(told) if as_json else print(f"{person.email} may sign in as {person.role.value.replace('_', ' ')}.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List everybody who has an account."""
    from pipelines.administration.people import list_people
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    with open_stores(current()):
        people = list_people(open_ledger("procura_app"))
    rows = [
        {
            "email": profile.person.email,
            "role": profile.person.role.value,
            "department": profile.person.department.value,
            "is_demo": profile.person.is_demo,
            "is_disabled": profile.is_disabled,
            "created_at": profile.created_at,
        }
        for profile in people
    ]
    if as_json:
        print_json(rows)
    else:
        print_rows(list(rows[0]) if rows else ["email"], [list(row.values()) for row in rows])


@app.command()
def role(
    email: Address,
    to: Annotated[Role, typer.Argument(help="The new role.")],
    department: Annotated[Department | None, typer.Option(help="The new department; unchanged when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give a person another role; open sessions end."""
    from pipelines.administration.people import set_role
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    with open_stores(current()):
        person = set_role(open_ledger("procura_app"), email, to, department, at=now())
    told = {"email": person.email, "role": person.role, "department": person.department}
    print_json(told) if as_json else print(f"{person.email} is now {person.role.value.replace('_', ' ')}.")


def _password(file: Path | None) -> str:
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"the password file {file} cannot be read: {error}.", kept="nobody was added.") from None
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
