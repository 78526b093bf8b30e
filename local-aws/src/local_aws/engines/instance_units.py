"""The services of one instance, run as systemd would: started, watched, started again by Restart=, stopped in order."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from local_aws.engines.cloud_config import Paths
from local_aws.engines.systemd_unit import (
    Unit,
    UnitError,
    command_line,
    parse_environment_file,
    parse_unit,
    unit_file_name,
)
from local_aws.processes import read_json, write_json

LARGEST_JOURNAL = 16 * 2**20
NICENESS = 5
"""On AWS an instance has processors of its own; here those of the services that it calls must not starve for it."""
_UNIT_FOLDERS = ("etc/systemd/system", "usr/local/lib/systemd/system")


@dataclass
class Running:
    """A started unit; `wanted` says whether its end is to be undone."""

    unit: Unit
    child: subprocess.Popen[bytes]
    wanted: bool = True
    again_at: float = 0.0
    ended: bool = False


@dataclass
class Units:
    """`environment` is the instance's own: it wins over what a unit sets, as PORT must. `say` writes to the console."""

    paths: Paths
    environment: dict[str, str]
    say: Callable[[str], None]
    running: dict[str, Running] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def systemctl(self, arguments: list[str]) -> tuple[int, str]:
        """One call of systemctl: exit code and message."""
        options = [word for word in arguments if word.startswith("-")]
        verb, *names = [word for word in arguments if not word.startswith("-")] or ["status"]
        verbs: dict[str, Callable[[str], None]] = {
            "enable": self.enable, "disable": self.disable, "start": self.start, "stop": self.stop,
            "restart": self.restart, "is-active": self.require_active, "status": self.require_active,
        }  # fmt: skip
        if verb in ("daemon-reload", "reset-failed"):
            return 0, ""
        if verb not in verbs:
            return 1, f"systemctl {verb}: not done by local AWS ({', '.join(verbs)} are)"
        try:
            for name in names:
                verbs[verb](unit_file_name(name))
                if "--now" in options and verb in ("enable", "disable"):
                    verbs["start" if verb == "enable" else "stop"](unit_file_name(name))
        except (UnitError, OSError) as error:
            return 1, str(error)
        return 0, ""

    def enable(self, name: str) -> None:
        """It starts again with the instance."""
        self.unit(name)
        write_json(self._enabled_file, sorted({*self.enabled(), name}))

    def disable(self, name: str) -> None:
        write_json(self._enabled_file, sorted({*self.enabled()} - {name}))

    def enabled(self) -> list[str]:
        return read_json(self._enabled_file) or []

    @property
    def _enabled_file(self) -> Path:
        return self.paths.folder / "enabled.json"

    def unit(self, name: str) -> Unit:
        for folder in _UNIT_FOLDERS:
            path = self.paths.root / folder / name
            if path.is_file():
                return parse_unit(name, path.read_text())
        raise UnitError(f"Unit {name} could not be found in /etc/systemd/system")

    def start(self, name: str) -> None:
        with self._lock:
            found = self.running.get(name)
            if found is None or found.child.poll() is not None:
                unit = self.unit(name)
                self.running[name] = Running(unit, self._spawn(unit))
                self.say(f"systemd: started {name}")

    def restart(self, name: str) -> None:
        self.stop(name)
        self.start(name)

    def require_active(self, name: str) -> None:
        found = self.running.get(name)
        if found is None or found.child.poll() is not None:
            raise UnitError(f"{name} is not active")

    def stop(self, name: str) -> None:
        with self._lock:
            found = self.running.pop(name, None)
        if found is None:
            return
        if found.child.poll() is None:
            found.child.send_signal(getattr(signal, found.unit.stop_signal, signal.SIGTERM))
            try:
                found.child.wait(found.unit.stop_seconds)
            except subprocess.TimeoutExpired:
                found.child.kill()
            self.say(f"systemd: stopped {name}")
        self._remove_runtime_directories(found.unit)

    def _remove_runtime_directories(self, unit: Unit) -> None:
        """A RuntimeDirectory= lives as long as its unit runs."""
        for directory in unit.directories:
            if directory.startswith("run/"):
                shutil.rmtree(self.paths.root / directory, ignore_errors=True)

    def stop_all(self) -> None:
        for name in list(self.running):
            self.stop(name)

    def tend(self) -> None:
        """Notice what ended; start again what its Restart= says."""
        with self._lock:
            for name, found in list(self.running.items()):
                code = found.child.poll()
                if code is None:
                    continue
                if not found.ended:
                    self._note_end(name, found, code)
                if found.again_at and time.monotonic() >= found.again_at:
                    self._start_again(name, found)

    def _note_end(self, name: str, found: Running, code: int) -> None:
        found.ended = True
        again = found.unit.restarts_after(code)
        found.again_at = time.monotonic() + found.unit.restart_seconds if again else 0.0
        self.say(f"systemd: {name} ended with {code}{'; it is started again' if again else ''}")
        if code != 0:
            self.say(self._journal_end(name))

    def _start_again(self, name: str, found: Running) -> None:
        try:
            self.running[name] = Running(found.unit, self._spawn(found.unit))
        except (UnitError, OSError) as error:
            self.say(f"systemd: {name}: {error}")
            found.again_at = time.monotonic() + max(found.unit.restart_seconds, 1.0)

    def journal(self, name: str) -> Path:
        """Where a unit's output goes: the file that it names, or one of ours."""
        if (found := self.running.get(name)) and found.unit.output:
            return Path(self.paths.mapped(found.unit.output))
        return self.paths.root / "var/log/journal" / f"{name}.log"

    def _journal_end(self, name: str, lines: int = 20) -> str:
        try:
            return "\n".join(self.journal(name).read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def _spawn(self, unit: Unit) -> subprocess.Popen[bytes]:
        environment = self._environment(unit)
        folder = Path(self.paths.mapped(unit.working_directory)) if unit.working_directory else self.paths.root
        self._remove_runtime_directories(unit)
        for directory in unit.directories:
            (self.paths.root / directory).mkdir(parents=True, exist_ok=True)
        journal = Path(self.paths.mapped(unit.output)) if unit.output else self.journal(unit.name)
        journal.parent.mkdir(parents=True, exist_ok=True)
        if journal.exists() and journal.stat().st_size > LARGEST_JOURNAL:
            journal.replace(journal.with_suffix(".old"))
        with journal.open("ab") as output:
            for line in unit.before:
                words = command_line(line, environment, self.paths.mapped)
                done = subprocess.run(words, env=environment, cwd=folder, stdout=output, stderr=output, check=False)
                if done.returncode and not line.startswith("-"):
                    raise UnitError(f"{unit.name}: ExecStartPre={line} ended with {done.returncode}")
            words = command_line(unit.start, environment, self.paths.mapped)
            child = subprocess.Popen(
                words, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        with contextlib.suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, child.pid, NICENESS)
        return child

    def _environment(self, unit: Unit) -> dict[str, str]:
        found = dict(self.environment) | dict(unit.environment)
        for path, optional in unit.environment_files:
            file = Path(self.paths.mapped(path))
            if file.is_file():
                found |= dict(parse_environment_file(file.read_text()))
            elif not optional:
                raise UnitError(f"{unit.name}: EnvironmentFile={path} does not exist")
        mapped = {name: self.paths.mapped(value) for name, value in found.items()}
        return mapped | self.environment | {"PATH": self._path(found)}

    def _path(self, environment: dict[str, str]) -> str:
        """The instance's own programs come first, whatever PATH= a unit sets."""
        own = str(self.paths.programs)
        return os.pathsep.join([own, *(part for part in environment["PATH"].split(os.pathsep) if part != own)])
