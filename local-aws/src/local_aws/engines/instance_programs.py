"""The programs of an instance that are not simply this machine's: python and aws by their names on AWS, and systemctl.

systemctl and the package managers are scripts that leave their arguments in calls/ and wait for the host's answer.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

from local_aws.engines.cloud_config import Paths

ASKING = ("systemctl", "dnf", "yum")
WITHOUT_EFFECT = ("chgrp", "chown", "groupadd", "useradd", "usermod")  # an instance's files are one user's here
_ASK = """#!/bin/sh
call="{calls}/$$"
{{ echo "{name}"; for word in "$@"; do printf '%s\\n' "$word"; done; }} > "$call.part"
mv "$call.part" "$call.call"
while [ ! -e "$call.code" ]; do sleep 0.05; done
cat "$call.text" >&2
code=$(cat "$call.code")
rm -f "$call".*
exit "$code"
"""
_NOTHING = """#!/bin/sh
echo "{name}: without effect on a laptop"
"""


def install(paths: Paths) -> None:
    """Write them into the instance's bin/."""
    calls = paths.folder / "calls"
    for folder in (paths.programs, calls):
        folder.mkdir(parents=True, exist_ok=True)
    for left in calls.iterdir():
        left.unlink()
    python, beside = _base_python(), Path(sys.executable).parent
    minor = f"python3.{sys.version_info.minor}"
    scripts = dict.fromkeys(("python3", minor), f'#!/bin/sh\nexec "{python}" "$@"\n')
    scripts |= dict.fromkeys(("pip3", f"pip3.{sys.version_info.minor}"), f'#!/bin/sh\nexec "{python}" -m pip "$@"\n')
    scripts["aws"] = f'#!/bin/sh\nexec "{beside / "python"}" "{beside / "aws"}" "$@"\n'
    scripts |= {name: _ASK.format(calls=calls, name=name) for name in ASKING}
    scripts |= {name: _NOTHING.format(name=name) for name in WITHOUT_EFFECT}
    for name, text in scripts.items():
        (paths.programs / name).write_text(text)
        (paths.programs / name).chmod(0o755)


def answer(paths: Paths, called: Callable[[str, list[str]], tuple[int, str]]) -> None:
    """Serve the calls that wait."""
    for call in sorted((paths.folder / "calls").glob("*.call")):
        program, *arguments = call.read_text().splitlines()
        code, text = called(program, arguments)
        with contextlib.suppress(FileNotFoundError):
            call.with_suffix(".text").write_text(f"{text}\n" if text else "")
            draft = call.with_suffix(".draft")
            draft.write_text(str(code))
            call.unlink()
            draft.rename(call.with_suffix(".code"))


def _base_python() -> str:
    """The Python that virtual environments are made from, not that of local AWS with its packages."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)
