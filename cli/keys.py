"""`procura keys`: the keys that seal credentials, sign audit records and sign access tokens; never a key itself."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.output import print_json, print_rows, progress_line
from warehouse.clock import now
from warehouse.settings import Settings, current

app = typer.Typer(help="Keys of the vault, the audit log and the API.", no_args_is_help=True, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="JSON and nothing else.")]


class Which(StrEnum):
    """Which keys."""

    VAULT = "vault"
    AUDIT = "audit"
    API = "api"
    ALL = "all"


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the vault's keys: which one seals, where each is, and how many sealed values are under it."""
    from pipelines.administration.vault_rotation import list_vault_keys, vault_faults
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    settings = current()
    with open_stores(settings):
        ledger = open_ledger("procura_app")
        found, faults = list_vault_keys(ledger, settings), vault_faults(ledger, settings)
    rows = [
        {"key": one.key, "state": one.state, "origin": one.origin, "values": one.values, "changed_at": one.changed_at}
        for one in found
    ]
    if as_json:
        print_json({"keys": rows, "faults": faults})
    else:
        print_rows(list(rows[0]), [list(row.values()) for row in rows])
        print("".join(f"FAULT  {fault}\n" for fault in faults), end="")


@app.command()
def rotate(
    which: Annotated[Which, typer.Option(help="Which keys get a successor.")] = Which.VAULT, as_json: AsJson = False
) -> None:
    """Begin a new key; everything the vault holds is sealed again while the product goes on. Exit 0 when nothing is left behind.

    Interrupted, it goes on where it was. The old key stays until `procura keys retire`.
    """
    from warehouse.stores import open_stores

    settings = current()
    told: dict[str, object] = {}
    is_complete = True
    with open_stores(settings):
        if which in {Which.AUDIT, Which.ALL}:
            told["audit"] = _rotate_audit(settings)
        if which in {Which.API, Which.ALL}:
            told["api"] = _rotate_api(settings)
        if which in {Which.VAULT, Which.ALL}:
            told["vault"], is_complete = _rotate_vault(settings)
    if as_json:
        print_json(told)
    else:
        for name, said in told.items():
            print(f"{name}: {said if isinstance(said, str) else _words(said)}")
    raise typer.Exit(0 if is_complete else 1)


@app.command()
def retire(as_json: AsJson = False) -> None:
    """Remove the vault's old keys, once nothing needs them. Backups of earlier days need them: keep a copy with those."""
    from pipelines.administration.vault_rotation import retire_vault_keys
    from warehouse.ledger.store import open_ledger
    from warehouse.stores import open_stores

    settings = current()
    with open_stores(settings):
        gone = retire_vault_keys(open_ledger("procura_app"), settings, at=now())
    if as_json:
        print_json({"retired": gone})
    elif not gone:
        print("There is no old key.")
    elif settings.vault_keys is not None:
        print(f"Nothing needs {', '.join(gone)} any more: take them out of PROCURA_VAULT_KEYS.")
    else:
        print(f"Removed {', '.join(gone)}. Backups made before the rotation cannot be opened without them.")


def _rotate_vault(settings: Settings) -> tuple[dict[str, object], bool]:
    from pipelines.administration.vault_rotation import rotate_vault
    from warehouse.ledger.store import open_ledger

    with progress_line() as line:
        done = rotate_vault(open_ledger("procura_app"), settings, at=now(), report=line)
    told: dict[str, object] = {
        "key": done.key, "values": done.values, "resealed": done.resealed, "on_other_keys": done.on_other_keys,
        "unreadable": list(done.unreadable),
    }  # fmt: skip
    return told, done.is_complete


def _rotate_audit(settings: Settings) -> str:
    from pipelines.administration.key_rotation import rotate_audit
    from warehouse.ledger.store import open_ledger

    return rotate_audit(open_ledger("procura_app"), settings)


def _rotate_api(settings: Settings) -> str:
    from pipelines.administration.key_rotation import rotate_api
    from warehouse.ledger.store import open_ledger

    return rotate_api(open_ledger("procura_app"), settings, at=now())


def _words(said: object) -> str:
    if not isinstance(said, dict):
        return str(said)
    lost = f"; cannot be read: {', '.join(said['unreadable'])}" if said["unreadable"] else ""
    return (
        f"{said['key']} seals now; {said['resealed']} of {said['values']} values were sealed again,"
        f" {said['on_other_keys']} are left on other keys{lost}."
    )
