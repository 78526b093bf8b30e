"""An instance's process on this machine: its folder, its ports, how it is started, looked at and ended. Calls block."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from local_aws import processes
from local_aws.context import Context
from local_aws.processes import MARK, ProcessId, read_json, write_json
from local_aws.settings import ACCOUNT, REGION, Settings
from local_aws.store import Table
from local_aws.supervisor import EngineError, port_is_free
from local_aws.wire import Params

STOP_SECONDS = 60.0
CONSOLE_BYTES = 65_536  # what GetConsoleOutput gives
MOST_INSTANCES = 40
SHORT = Path("/tmp")  # noqa: S108 - a link of this user's, checked before it is used
_KEPT = ("console.log", "instance.json")


class InstanceError(Exception):
    """An instance cannot be started; the message says what to do."""


def home(settings: Settings) -> Path:
    """The folder of all instances. Shell commands and shebangs hold its path, so it may have no space: a link then."""
    real = settings.state / "instances"
    real.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not any(character.isspace() for character in str(real)):
        return real
    link = SHORT / f"local-aws-{os.getuid()}-{hashlib.sha256(str(real).encode()).hexdigest()[:8]}"
    with contextlib.suppress(FileExistsError):
        link.symlink_to(real)
    if link.lstat().st_uid != os.getuid() or link.resolve() != real.resolve():
        raise InstanceError(f"{link} is not the link to {real}: remove it")
    return link


def folder(settings: Settings, instance_id: str) -> Path:
    return home(settings) / instance_id


def ports_for(ctx: Context, taken: set[int]) -> tuple[int, int]:
    """The application's port and the metadata service's: of the first slot that no instance has."""
    for slot in range(MOST_INSTANCES):
        with contextlib.suppress(EngineError):
            pair = (ctx.engines.free_port(f"instance-{slot}"), ctx.engines.free_port(f"instance-{slot}-metadata"))
            if not taken & set(pair) and all(port_is_free(port) for port in pair):
                return pair
    raise InstanceError(
        f"No port is free for another instance; {len(taken) // 2} run. Set LOCAL_AWS_PORT, or lower the capacity."
    )


def prepare(ctx: Context, instance: Params, template: Params, tags: dict[str, str]) -> None:
    """Write what the instance's process reads. `template`: LaunchTemplateData; `instance`: InstanceId, Port, …"""
    profile = template.get("IamInstanceProfile") or {}
    options = template.get("MetadataOptions") or {}
    data = template.get("UserData") or ""
    write_json(
        folder(ctx.settings, instance["InstanceId"]) / "instance.json",
        {
            "instance_id": instance["InstanceId"],
            "port": instance["Port"],
            "imds_port": instance["MetadataPort"],
            "endpoint_url": ctx.settings.endpoint_url,
            "region": REGION,
            "account": ACCOUNT,
            "zone": instance["AvailabilityZone"],
            "image_id": template.get("ImageId") or "ami-00000000",
            "instance_type": template.get("InstanceType") or "t3.micro",
            "http_tokens": options.get("HttpTokens") or "optional",
            "role": profile.get("Name") or str(profile.get("Arn") or "").rpartition("/")[2],
            "tags": tags if options.get("InstanceMetadataTags") == "enabled" else {},
            "user_data_base64": data,
            "user_data": base64.b64decode(data).decode("utf-8", "replace"),
            "mark": str(ctx.settings.state),
        },
    )


def start(settings: Settings, instance_id: str) -> ProcessId:
    """Start the process; a process of its own session, so that it outlives a gateway that dies."""
    place = folder(settings, instance_id)
    (place / "status.json").unlink(missing_ok=True)
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    with (place / "console.log").open("ab") as console:
        child = subprocess.Popen(
            [sys.executable, "-m", "local_aws.engines.instance_host", str(place)],
            env=environment | {MARK: str(settings.state)},
            cwd=place,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return ProcessId.of(child.pid)


def process_of(instance: Params) -> ProcessId:
    return ProcessId(int(instance.get("Pid") or 0), float(instance.get("Started") or 0.0))


def status(settings: Settings, instance_id: str) -> dict[str, Any]:
    """{"state": "booting" | "running" | "failed", "reason": …} as the process wrote it."""
    return read_json(folder(settings, instance_id) / "status.json") or {"state": "booting", "reason": ""}


def end(settings: Settings, instance: Params) -> None:
    """Stop the process and all that it started; keep the console log. A dead one's children are ended too."""
    target = process_of(instance)
    if target.alive:
        processes.end(target, timeout=STOP_SECONDS)
    elif target.pid:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(target.pid, os.WNOHANG)
        _kill_group(target.pid)
    place = folder(settings, instance["InstanceId"])
    for entry in place.iterdir() if place.is_dir() else ():
        if entry.name not in _KEPT:
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def _kill_group(pid: int) -> None:
    """What a dead process left behind. A process of that number is another one, whose group is not ours."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if not psutil.pid_exists(pid):
            os.killpg(pid, signal.SIGKILL)


def console(settings: Settings, instance_id: str) -> str | None:
    """The end of its console log; None for an instance that never was."""
    path = folder(settings, instance_id) / "console.log"
    return path.read_bytes()[-CONSOLE_BYTES:].decode("utf-8", "replace") if path.exists() else None


def cpu_seconds(instance: Params) -> float:
    """Processor time of the instance's processes that live now."""
    found = process_of(instance).process()
    total = 0.0
    for process in processes.with_descendants([found] if found else []):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def address_of(instances: Table, instance_id: str) -> int | None:
    """The port of a living instance; None for one that is not there or has died."""
    instance: Params | None = instances.get(instance_id)
    return int(instance["Port"]) if instance and process_of(instance).alive else None


def instances_of(ctx: Context) -> Table:
    """The instances of Auto Scaling groups, by id."""
    return ctx.table("autoscaling.instances")
