"""A secret for a command: from a file, a pipe or a prompt; never an argument, the list of processes would show it."""

import sys
from pathlib import Path

import typer
from pydantic import SecretStr

from warehouse.errors import BadInput


def read_secret(file: Path | None, title: str) -> SecretStr:
    """Return the secret.

    Raises:
        BadInput: the file cannot be read, or is no text.
    """
    if file is not None:
        try:
            return SecretStr(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            what = error.strerror if isinstance(error, OSError) else "it is no text"
            raise BadInput(f"the file {file} cannot be read: {what}.", kept="nothing was changed.") from None
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        return SecretStr(line + sys.stdin.read() if line.startswith("-----BEGIN ") else line)  # a certificate has lines
    return SecretStr(str(typer.prompt(title, hide_input=True)))
