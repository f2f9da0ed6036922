"""What the code server of `up` loads: the definitions, with our logs set up first; its runs load the same.

Nobody else imports this: setting up logs takes over standard output.
"""

from warehouse import logs

logs.start("code", takes_output=True)

from assets.definitions import defs  # noqa: E402 - what loading them says is redacted as well

__all__ = ["defs"]
