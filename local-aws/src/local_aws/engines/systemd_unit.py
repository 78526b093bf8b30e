"""systemd service units, as much as a web application's needs (systemd.service(5), systemd.exec(5)). Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

RESTARTS = ("no", "always", "on-success", "on-failure", "on-abnormal", "on-abort")
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|sec|min|m)?$")
_UNITS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0}
# What one user on one laptop cannot or need not do; everything else in [Service] must be known.
_WITHOUT_EFFECT = re.compile(
    r"User|Group|SupplementaryGroups|DynamicUser|UMask|Nice|(Ambient)?Capabilit\w+|CapabilityBoundingSet|Lock\w+|Memory\w+|"
    r"CPU\w+|Tasks\w+|Limit\w+|NoNewPrivileges|Private\w+|Protect\w+|Read(Only|Write)\w+|Restrict\w+|SystemCall\w+|Remove\w+|"
    r"Standard(Error|Input)|Syslog\w+|OOM\w+|Type|Kill\w+|(State|Cache|Logs|Runtime|Configuration)DirectoryMode|"
    r"StartLimit\w+|WatchdogSec|TimeoutStartSec|NotifyAccess|SuccessExitStatus|ProcSubset|Inaccessible\w+|Slice"
)
_DIRECTORIES = {"StateDirectory": "var/lib", "CacheDirectory": "var/cache", "LogsDirectory": "var/log",
                "RuntimeDirectory": "run", "ConfigurationDirectory": "etc"}  # fmt: skip


class UnitError(Exception):
    """A unit cannot be run here; the message names the setting."""


@dataclass(frozen=True)
class Unit:
    """`commands` are ExecStartPre's, then ExecStart's, as written; variables are put in when they start."""

    name: str
    start: str
    before: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    environment_files: tuple[tuple[str, bool], ...] = ()  # path, and whether it may be missing
    working_directory: str | None = None
    output: str | None = None  # the file of StandardOutput=append:/path
    directories: tuple[str, ...] = ()  # below the instance's /
    restart: str = "no"
    restart_seconds: float = 0.1
    stop_seconds: float = 20.0
    stop_signal: str = "SIGTERM"

    def restarts_after(self, code: int) -> bool:
        """`code` is negative for a signal, as subprocess gives it (systemd.service(5), table of Restart=)."""
        if self.restart == "on-success":
            return code == 0
        if self.restart in ("on-abnormal", "on-abort"):
            return code < 0
        return self.restart == "always" or (self.restart == "on-failure" and code != 0)


def parse_unit(name: str, text: str) -> Unit:
    """Read a .service file. An empty assignment clears what stood before it, as in systemd."""
    found: dict[str, list[str]] = {}
    for key, value in _service_lines(text):
        found[key] = [*found.get(key, []), value] if value else []
    known = {"Environment", "EnvironmentFile", "ExecStart", "ExecStartPre", "Restart", "RestartSec", "WorkingDirectory"}
    for key in found.keys() - known - set(_DIRECTORIES) - {"TimeoutStopSec", "KillSignal", "StandardOutput"}:
        if not _WITHOUT_EFFECT.fullmatch(key):
            raise UnitError(f"{name}: {key}= is not done by local AWS")
    if len(found.get("ExecStart", ())) != 1:
        raise UnitError(f"{name}: exactly one ExecStart= is needed")
    restart = _last(found, "Restart", "no")
    if restart not in RESTARTS:
        raise UnitError(f"{name}: Restart={restart} is not known")
    return Unit(
        name=name,
        start=found["ExecStart"][0],
        before=tuple(found.get("ExecStartPre", ())),
        environment=tuple(pair for value in found.get("Environment", ()) for pair in _assignments(value)),
        environment_files=tuple((path.lstrip("-"), path.startswith("-")) for path in found.get("EnvironmentFile", ())),
        working_directory=_last(found, "WorkingDirectory", "").lstrip("-") or None,
        output=_file_of(_last(found, "StandardOutput", "journal")),
        directories=tuple(
            f"{place}/{entry}"
            for key, place in _DIRECTORIES.items()
            for value in found.get(key, ())
            for entry in value.split()
        ),
        restart=restart,
        restart_seconds=seconds(_last(found, "RestartSec", "100ms")),
        stop_seconds=min(seconds(_last(found, "TimeoutStopSec", "20")), 60.0),
        stop_signal=_last(found, "KillSignal", "SIGTERM"),
    )


def _service_lines(text: str) -> list[tuple[str, str]]:
    section, pairs = "", []
    for line in map(str.strip, text.replace("\\\n", " ").splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif section == "Service" and "=" in line and line[0] not in "#;":
            key, _, value = line.partition("=")
            pairs.append((key.strip(), value.strip()))
    return pairs


def _last(found: Mapping[str, list[str]], key: str, default: str) -> str:
    return (found.get(key) or [default])[-1]


def _file_of(output: str) -> str | None:
    """append:/path, file:/path and truncate:/path are all appended to; anything else is the journal."""
    kind, _, path = output.partition(":")
    return path if kind in ("append", "file", "truncate") else None


def _assignments(value: str) -> list[tuple[str, str]]:
    return [(name, text) for name, _, text in (part.partition("=") for part in shlex.split(value))]


def parse_environment_file(text: str) -> list[tuple[str, str]]:
    """NAME=value lines; quotes around a value are taken off, comments and blank lines passed over."""
    pairs = []
    for line in text.replace("\\\n", "").splitlines():
        name, sign, value = line.strip().partition("=")
        if sign and name and name[0] not in "#;":
            quoted = len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]
            pairs.append((name.strip(), value[1:-1] if quoted else value.strip()))
    return pairs


def seconds(text: str) -> float:
    """A time span of one number: "5", "100ms", "2min"; "infinity" is the longest that is waited here."""
    if text == "infinity":
        return 60.0
    found = _SECONDS.fullmatch(text.strip())
    if found is None:
        raise UnitError(f"the time span {text!r} is not understood")
    return float(found[1]) * _UNITS[found[2] or "s"]


def command_line(line: str, environment: Mapping[str, str], mapped: Callable[[str], str]) -> list[str]:
    """ExecStart's arguments: ${NAME} inside a word, $NAME as words of its own, never a shell.

    Paths are the instance's, and 0.0.0.0 is the loopback: nothing of a laptop's is for the network.
    """
    words: list[str] = []
    for word in shlex.split(mapped(line.lstrip("-@:+!"))):
        alone = re.fullmatch(r"\$(\w+)", word)
        filled = environment.get(alone[1], "").split() if alone else [_filled(word, environment)]
        words += [re.sub(r"(?<![\d.])0\.0\.0\.0(?![\d.])", "127.0.0.1", part) for part in filled]
    return words


def _filled(word: str, environment: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: environment.get(found[1] or found[2], ""), word)


def unit_file_name(name: str) -> str:
    return name if Path(name).suffix == ".service" else f"{name}.service"
