"""The two ports: taken ones are an error before anything starts, 0 is any free one."""

import socket

from warehouse.errors import BadInput

LOOPBACK = "127.0.0.1"


def choose_port(wanted: int, setting: str, host: str = LOOPBACK) -> int:
    """Return a port that is free now at an address of this machine.

    Raises:
        BadInput: another program listens there, or the address is not this machine's.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As the servers do it: a port whose last connections are only fading away counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
            probe.listen(1)
        except OSError as error:
            raise BadInput(
                f"port {wanted} of {host} cannot be used ({error.strerror}).",
                kept="nothing was started.",
                todo=f"end the program that uses it, or set {setting} to another port (0 takes any free one).",
            ) from None
        return int(probe.getsockname()[1])
