"""Terraform as a child process: progress while it works, its own words when it fails."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.status import Status

Event = dict[str, Any]


class TerraformError(Exception):
    """Terraform did not do what it was asked; the message holds its diagnostics."""


@dataclass
class Progress:
    """What a run has done so far, as its event stream tells."""

    planned: int = 0
    done: int = 0
    summary: str = "nothing changed"
    working: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def note(self, event: Event) -> None:
        kind, resource = event.get("type"), event.get("hook", {}).get("resource", {}).get("addr", "")
        if event.get("hook", {}).get("action") == "read":
            return
        if kind == "change_summary":
            self._sum_up(event["changes"])
        elif kind == "apply_start":
            self.working[resource] = time.monotonic()
        elif kind in ("apply_complete", "apply_errored"):
            self.working.pop(resource, None)
            self.done += kind == "apply_complete"
        elif kind == "diagnostic" and event["diagnostic"]["severity"] == "error":
            self.problems.append(_words(event["diagnostic"]))

    def _sum_up(self, changes: dict[str, Any]) -> None:
        counts = {word: int(changes[word]) for word in ("add", "change", "remove")}
        if changes["operation"] == "plan":
            self.planned = sum(counts.values())
        else:
            self.summary = "{add} added, {change} changed, {remove} destroyed".format(**counts)

    def line(self) -> str:
        if not self.working:
            return f"{self.done} of {self.planned} resources"
        longest, began = min(self.working.items(), key=lambda item: item[1])
        return f"{self.done} of {self.planned} resources, {longest} since {time.monotonic() - began:.0f} s"


@dataclass(frozen=True)
class Root:
    """One Terraform root: a folder, worked on with the caller's environment."""

    folder: Path
    console: Console

    @property
    def name(self) -> str:
        return self.folder.parent.name

    def init(self) -> None:
        done = self._run("init", "-input=false", "-reconfigure")
        if done.returncode:
            raise TerraformError(
                f"terraform init in {self.folder}:\n{done.stderr or done.stdout}{_init_advice(done.stderr)}"
            )

    def apply(self) -> None:
        self._stream("apply", "-auto-approve", "-input=false")

    def destroy(self) -> None:
        self._stream("destroy", "-auto-approve", "-input=false")

    def is_empty(self) -> bool:
        """Whether the state holds no resource; data sources of a root never applied cannot be read."""
        return not self._run("state", "list").stdout.strip()

    def outputs(self) -> dict[str, Any]:
        done = self._run("output", "-json")
        return {name: output["value"] for name, output in json.loads(done.stdout or "{}").items()}

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [binary(), f"-chdir={self.folder}", *arguments]
        return subprocess.run([*command, "-no-color"], capture_output=True, text=True, check=False)

    def _stream(self, command: str, *options: str) -> None:
        began, progress = time.monotonic(), Progress()
        arguments = [binary(), f"-chdir={self.folder}", command, "-json", *options]
        with (
            self.console.status(f"{command} {self.name}") as status,
            subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process,
        ):
            for event in _events(process):
                progress.note(event)
                _show(status, f"{command} {self.name}: {progress.line()}")
        if process.returncode:
            raise TerraformError(f"terraform {command} in {self.name} failed:\n" + "\n".join(progress.problems))
        seconds = time.monotonic() - began
        self.console.print(f"{command} {self.name}: {progress.summary} ({seconds:.0f} s)", highlight=False)


def binary() -> str:
    found = shutil.which("terraform")
    if found is None:
        raise TerraformError(
            'terraform is not on PATH. Install 1.11 or later, or run `eval "$(make -s env)"`, which brings it.'
        )
    return found


def _events(process: subprocess.Popen[str]) -> Iterator[Event]:
    for line in process.stdout or ():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:  # what Terraform says before it can speak JSON
            yield {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": line.rstrip()}}


def _show(status: Status, text: str) -> None:
    status.update(text)


def _words(diagnostic: Event) -> str:
    place = diagnostic.get("range", {})
    where = f" ({place['filename']}:{place['start']['line']})" if place else ""
    subject = f" [{diagnostic['address']}]" if diagnostic.get("address") else ""
    return f"{diagnostic['summary']}{subject}{where}\n{diagnostic.get('detail', '')}".strip()


def _init_advice(complaint: str) -> str:
    if "bucket" in complaint and ("NoSuchBucket" in complaint or "required" in complaint):
        return '\nThe state bucket is unknown: run `eval "$(make -s env)"` for the laptop, `make bootstrap` for AWS.'
    if "Failed to query available provider packages" in complaint:
        return "\nThe provider cannot be fetched: without the registry, put it in a local mirror and set TF_PLUGIN_DIR."
    return ""
