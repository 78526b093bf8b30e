"""One EC2 instance as a process: runs its user data, serves its metadata, keeps its services running.

Started by the gateway with the instance's folder as its argument; says how it does in status.json, and what it did in
console.log. Its user data is run once; started again, it starts the services that were enabled.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_aws.engines import instance_imds, instance_programs
from local_aws.engines.cloud_config import CloudConfig, CloudConfigError, Paths, WrittenFile, parse, programs_of
from local_aws.engines.instance_units import Units
from local_aws.processes import MARK, read_json, write_json

TICK_SECONDS = 0.1
LISTEN_SECONDS = 10.0
_FOLDERS = ("etc/systemd/system", "opt", "run", "srv", "tmp", "usr/local/bin", "var/lib", "var/log", "home/ec2-user")


def say(text: str) -> None:
    """A line of the console log."""
    print(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), text, flush=True)


@dataclass
class Host:
    """`facts` is instance.json, as services/instance_process.py writes it."""

    paths: Paths
    facts: dict[str, Any]
    ending: threading.Event

    def __post_init__(self) -> None:
        self.environment = environment(self.paths, self.facts)
        self.units = Units(self.paths, self.environment, say)

    def run(self) -> int:
        """Until it is told to end, or its user data fails: exit code 1."""
        for folder in _FOLDERS:
            (self.paths.root / folder).mkdir(parents=True, exist_ok=True)
        instance_programs.install(self.paths)
        metadata = instance_imds.server(instance_imds.Metadata(self.facts), self.facts["imds_port"])
        threading.Thread(target=metadata.serve_forever, name="imds", daemon=True).start()
        failed: list[str] = []
        threading.Thread(target=self._boot, args=(failed,), name="cloud-init", daemon=True).start()
        while not self.ending.is_set() and not failed:
            instance_programs.answer(self.paths, self._called)
            self.units.tend()
            self.ending.wait(TICK_SECONDS)
        self.units.stop_all()
        return 1 if failed else 0

    def _boot(self, failed: list[str]) -> None:
        try:
            if (self.paths.folder / "booted").exists():
                self._start_enabled()
            else:
                self._initialise(parse(base64.b64decode(self.facts["user_data_base64"]), self.paths))
                (self.paths.folder / "booted").touch()
        except (CloudConfigError, OSError, UnicodeDecodeError) as error:
            say(f"cloud-init: FAILED: {error}")
            write_json(self.paths.folder / "status.json", {"state": "failed", "reason": str(error)})
            failed.append(str(error))
            return
        self._wait_for_port()
        say(f"cloud-init: {self.facts['instance_id']} is up on port {self.facts['port']}")
        write_json(self.paths.folder / "status.json", {"state": "running", "reason": ""})

    def _wait_for_port(self) -> None:
        """A load balancer's first check should find what was just started; one that never listens fails there."""
        deadline = time.monotonic() + LISTEN_SECONDS
        while time.monotonic() < deadline and not self.ending.is_set():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.facts["port"]), 1):
                return
            time.sleep(TICK_SECONDS)
        say(f"cloud-init: nothing listens on port {self.facts['port']} after {LISTEN_SECONDS:.0f} s")

    def _start_enabled(self) -> None:
        for name in self.units.enabled():
            code, message = self.units.systemctl(["start", name])
            if code:
                raise CloudConfigError(message)

    def _initialise(self, config: CloudConfig) -> None:
        if config.without_effect:
            say(f"cloud-init: {', '.join(config.without_effect)}: without effect on a laptop")
        self._run(config.bootcmd)
        for file in config.files:
            self._write(file)
        for package in config.packages:
            self._require(package)
        self._run(config.runcmd)

    def _write(self, file: WrittenFile) -> None:
        say(f"cloud-init: write_files {file.path.relative_to(self.paths.root)}")
        file.path.parent.mkdir(parents=True, exist_ok=True)
        with file.path.open("ab" if file.append else "wb") as output:
            output.write(file.content)
        file.path.chmod(file.mode)

    def _require(self, package: str) -> None:
        missing = [name for name in programs_of(package) if not shutil.which(name, path=self.environment["PATH"])]
        if missing:
            raise CloudConfigError(
                f"packages: {package} cannot be installed, and {', '.join(missing)} is not on this machine"
            )
        say(f"cloud-init: packages {package}: this machine's own")

    def _run(self, commands: tuple[str, ...]) -> None:
        """One shell runs them all, as cloud-init does: `set -e`, `cd` and variables go on from one to the next."""
        if not commands:
            return
        step = self.paths.folder / "step"
        script = self.paths.root / "var/lib/cloud/instance/scripts/runcmd"
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(shell_script(commands, step))
        script.chmod(0o700)
        done = subprocess.run(
            [str(script)], env=self.environment, cwd=self.paths.root, stdin=subprocess.DEVNULL,
            stdout=sys.stdout, stderr=sys.stdout, check=False,
        )  # fmt: skip
        if done.returncode:
            raise CloudConfigError(f"the command `{commands[int(step.read_text())]}` ended with {done.returncode}")

    def _called(self, program: str, arguments: list[str]) -> tuple[int, str]:
        """A command of the instance called systemctl, or a package manager."""
        if program == "systemctl":
            return self.units.systemctl(arguments)
        verb, *names = [word for word in arguments if not word.startswith("-")] or [""]
        if verb not in ("install", "update", "upgrade", "makecache"):
            return 1, f"{program} {verb}: not done by local AWS"
        try:
            for name in names if verb == "install" else ():
                self._require(name)
        except CloudConfigError as error:
            return 1, str(error)
        return 0, ""


def shell_script(commands: tuple[str, ...], step: Path) -> str:
    """Commands of which each must succeed; `step` gets the number of the one that runs. A user's script stays."""
    if commands[0].startswith("#!"):
        step.write_text("0")
        return commands[0]
    lines = ["#!/bin/sh"]
    for number, command in enumerate(commands):
        said = shlex.quote(f"cloud-init: {command}")
        lines += [
            f"echo {number} > {step}",
            f"printf '%s\\n' {said}",
            command,
            "_code=$?; [ $_code -eq 0 ] || exit $_code",
        ]
    return "\n".join([*lines, ""])


def environment(paths: Paths, facts: dict[str, Any]) -> dict[str, str]:
    """What the instance's programs find, nothing of the host's: credentials come from the metadata service alone.

    PORT is the instance's own: the target group's port cannot be had by two instances of one machine.
    """
    return {
        "PATH": os.pathsep.join(
            [str(paths.programs), str(paths.root / "usr/local/bin"), "/usr/local/bin:/usr/bin:/bin"]
        ),
        "HOME": str(paths.root / "home/ec2-user"),
        "LANG": "C.UTF-8",
        "TMPDIR": str(paths.root / "tmp"),
        "HOST": "127.0.0.1",
        "PORT": str(facts["port"]),
        "AWS_ENDPOINT_URL": facts["endpoint_url"],
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{facts['imds_port']}/",
        MARK: facts["mark"],
    }


def main() -> None:
    folder = Path(sys.argv[1])
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    sys.exit(Host(Paths(folder), read_json(folder / "instance.json"), ending).run())


if __name__ == "__main__":
    main()
