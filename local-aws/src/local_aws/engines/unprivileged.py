"""Run a program that refuses to run as root: `python -m local_aws.engines.unprivileged program argument…`.

As root (in a container, say) it becomes the user nobody, keeping only the right to read files that are root's: the
state folder and the cache are readable by their owner alone. As any other user it just runs the program.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys
from pathlib import Path

USER = "nobody"
_PR_SET_SECUREBITS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 28, 47, 2
# Capabilities outlive the change of user, and access(2), by which initdb looks for its programs, minds them too.
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAP_DAC_READ_SEARCH = 2
_CAPABILITY_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def command(*argv: object) -> list[str]:
    """The argument list that runs `argv` unprivileged."""
    prefix = [sys.executable, "-m", __name__] if os.geteuid() == 0 else []
    return [*prefix, *map(str, argv)]


def give(folder: Path) -> None:
    """Make a folder the unprivileged user's own, with all in it."""
    if os.geteuid() != 0:
        return
    user = pwd.getpwnam(USER)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def become() -> None:
    """Change this process from root to the unprivileged user."""
    libc = ctypes.CDLL(None, use_errno=True)
    user = pwd.getpwnam(USER)
    _call(libc, "prctl", _PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    mask = 1 << _CAP_DAC_READ_SEARCH
    sets = (_Data * 2)(_Data(mask, mask, mask))
    _call(libc, "capset", ctypes.byref(_Header(_CAPABILITY_VERSION_3, 0)), ctypes.byref(sets))
    _call(libc, "prctl", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_READ_SEARCH, 0, 0)


def _call(libc: ctypes.CDLL, name: str, *arguments: object) -> None:
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{name} failed")


def main() -> None:
    if os.geteuid() == 0:
        try:
            become()
        except (OSError, AttributeError) as error:
            sys.exit(f"PostgreSQL refuses to run as root, and this process may not become {USER} ({error}). "
                     "Run local AWS as a user other than root.")  # fmt: skip
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the argument list that we were given


if __name__ == "__main__":
    main()
