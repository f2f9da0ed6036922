"""How a program that refuses root runs for root: PostgreSQL does (docs/adr/0003).

Two ways, the first that this machine allows: a user namespace in which root is an ordinary user, so that files stay
root's; or another user id that keeps only the right to pass root's private folders (most containers forbid namespaces),
for which the program's own folder changes its owner. In both, no folder's mode is widened and no system user is made.
"""

import ctypes
import os
import pwd
import struct
import subprocess
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from warehouse.errors import StoreUnavailable

CLONE_NEWUSER = 0x10000000
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
KEEP_CAPABILITIES_ON_CHANGE_OF_USER = 1 << 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
HARMLESS = "/bin/true"


class Way(Enum):
    """How the child stops being root."""

    STAYS = "it is an ordinary user already"
    NAMESPACE = "a user namespace"
    OTHER_USER = "another user id"


def find_way() -> Way:
    """Return the first way that works here, tried with a program that does nothing.

    Raises:
        StoreUnavailable: this machine allows root neither.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not Path("/proc/self").exists():
        return Way.STAYS
    for way in (Way.NAMESPACE, Way.OTHER_USER):
        try:
            done = subprocess.run([HARMLESS], preexec_fn=leave_root(way), check=False)
        except (subprocess.SubprocessError, OSError):
            continue
        if done.returncode == 0:
            return way
    raise StoreUnavailable(
        "PostgreSQL refuses to run as root, and this machine lets root become nobody else.",
        kept="nothing was changed.",
        todo="run the product as an ordinary user, or set PROCURA_DATABASE_URL.",
    )


def leave_root(way: Way) -> Callable[[], None]:
    """Return what a child runs between fork and exec; it raises OSError where the kernel refuses."""
    if way is Way.STAYS:
        return lambda: None
    library = ctypes.CDLL(None, use_errno=True)
    user, uid, gid = _somebody(), os.geteuid(), os.getegid()

    def into_namespace() -> None:
        _must(library.unshare(CLONE_NEWUSER))
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user.pw_uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{user.pw_gid} {gid} 1")

    def become_other_user() -> None:
        _must(library.prctl(PR_SET_SECUREBITS, KEEP_CAPABILITIES_ON_CHANGE_OF_USER, 0, 0, 0))
        os.setgroups([])
        os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
        os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
        _keep_only(library, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH)

    return into_namespace if way is Way.NAMESPACE else become_other_user


def own(folder: Path, way: Way) -> None:
    """Give a folder and all in it to whom the child will be; does nothing where it is theirs already."""
    if way is Way.STAYS or not folder.exists():
        return
    user = _somebody()
    uid, gid = (user.pw_uid, user.pw_gid) if way is Way.OTHER_USER else (os.geteuid(), os.getegid())
    if folder.stat().st_uid == uid:
        return
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(place, name), uid, gid, follow_symlinks=False)
    os.chown(folder, uid, gid)  # last: it says that all of it is done


def _somebody() -> pwd.struct_passwd:
    """Return a user of this machine who is not root; initdb looks its own user up by number."""
    users = {user.pw_name: user for user in pwd.getpwall() if user.pw_uid != 0}
    for name in ("postgres", "nobody", *users):
        if name in users:
            return users[name]
    raise StoreUnavailable(
        "this machine knows no user but root, and PostgreSQL refuses root.",
        kept="nothing was changed.",
        todo="add a user (useradd procura), or set PROCURA_DATABASE_URL.",
    )


def _keep_only(library: ctypes.CDLL, *wanted: int) -> None:
    """Drop every capability of this process but these, and let them pass to the program that follows."""
    header = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
    now = ctypes.create_string_buffer(24)
    _must(library.capget(header, now))
    permitted = struct.unpack("6I", now.raw)[1]
    kept = [number for number in wanted if permitted & 1 << number]
    mask = sum(1 << number for number in kept)
    _must(library.capset(header, struct.pack("6I", mask, mask, mask, 0, 0, 0)))
    for number in kept:
        _must(library.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0))


def _must(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), "the kernel refuses it")
