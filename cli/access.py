"""`procura access`: who may do what. Reads the table of rights and no store."""

from itertools import product
from typing import Annotated

import typer

from cli.output import print_json, print_rows

app = typer.Typer(help="Who may do what.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def access() -> None:
    """Who may do what."""


@app.command()
def matrix(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else: every cell.")] = False,
) -> None:
    """Print the table of rights: each deed and look, for each role, department and object."""
    from warehouse.domain.access import Action, Department, Person, Role, State, may, words

    if not as_json:
        print_rows(
            ["deed", *(role.value for role in Role)],
            [[action.value, *(words(action, role) for role in Role)] for action in Action],
        )
        return
    print_json(
        [
            {
                "action": action.value,
                "role": role.value,
                "department": department.value,
                "object": state.value,
                "may": may(Person("", "", role, department), action, state),
            }
            for action, role, department, state in product(Action, Role, Department, State)
        ]
    )
