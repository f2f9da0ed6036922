import json
from itertools import product

from typer.testing import CliRunner

from cli.main import app
from warehouse.domain.access import Action, Department, Person, Role, State, may


def test_the_matrix_as_json_holds_every_cell_as_the_table_has_it() -> None:
    result = CliRunner().invoke(app, ["access", "matrix", "--json"])
    assert result.exit_code == 0
    cells = {(c["action"], c["role"], c["department"], c["object"]): c["may"] for c in json.loads(result.stdout)}
    assert len(cells) == len(Action) * len(Role) * len(Department) * len(State)
    for action, role, department, state in product(Action, Role, Department, State):
        assert cells[action, role, department, state] == may(Person("", "", role, department), action, state)


def test_the_matrix_in_words_names_every_deed_and_who_may() -> None:
    result = CliRunner().invoke(app, ["access", "matrix"])
    assert result.exit_code == 0
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if ":" in line}
    assert set(lines) == {action.value for action in Action}
    assert "yes of audit" in lines["audit:read"]
    assert "yes (own)" in lines["account:edit"]
