"""`make env`: the shell lines that point every AWS tool, Terraform and the database clients at this local AWS."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local_aws import terraform, toolchain
from local_aws.connections import PROJECT, connection_variables
from local_aws.context import client_for
from local_aws.database_clients import psql, source_ca
from local_aws.lifecycle import STATE_BUCKET, running
from local_aws.settings import REGION, Settings

UNSET = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS")
FACTS = {"lake/lake_bucket": "LAKE_BUCKET", "storefront/url": "STOREFRONT_URL", "inference/url": "INFERENCE_URL"}
CONDITIONAL = ("MYSQL_URL", "MYSQL_CNF", "VECTOR_DB_URL", "WAREHOUSE_DB_URL", "PGPASSFILE", *FACTS.values())

Say = Callable[[str], None]


def shell_lines(settings: Settings, caller: Mapping[str, str], say: Say) -> list[str]:
    """export and unset lines for what exists now; `say` takes what the user should know."""
    variables = settings.client_environment() | terraform_variables(settings, caller, say)
    variables["PATH"] = os.pathsep.join(path_entries(settings, caller))
    variables |= dict.fromkeys(("SOURCE_CA", "SOURCE_CA_BUNDLE"), str(source_ca(settings)))
    if running(settings):
        variables |= connection_variables(settings, lambda service: client_for(service, settings))
        variables |= fact_variables(client_for("ssm", settings))
    else:
        say("local AWS is not running: `make up` starts it; databases are left out until then")
    gone = [name for name in (*UNSET, *CONDITIONAL) if (name not in variables and name in caller) or name in UNSET]
    return [f"unset {' '.join(gone)}", *(f"export {name}={shlex.quote(value)}" for name, value in variables.items())]


def after_env(caller: Mapping[str, str], checkout: Path) -> dict[str, str]:
    """The whole environment of a shell of the caller's after `eval "$(make -s env)"`."""
    script = 'lines=$(local-aws env) && eval "$lines" && env -0'
    printed = subprocess.run(["sh", "-c", script], env=caller, cwd=checkout, check=True, capture_output=True).stdout
    return dict(pair.split("=", 1) for pair in printed.decode().split("\0") if "=" in pair)


def terraform_variables(settings: Settings, caller: Mapping[str, str], say: Say) -> dict[str, str]:
    variables = {
        "TF_CLI_ARGS_init": f"-backend-config=bucket={STATE_BUCKET} -backend-config=region={REGION}",
        "TF_DATA_DIR": ".terraform-local",
        "CHECKPOINT_DISABLE": "1",
        "TF_VAR_profile": "demo",
        "TF_VAR_deletion_protection": "false",
        "TF_VAR_redshift": "{ enabled = true }",
    }
    configuration = cli_configuration_file(settings, caller, say)
    return variables | ({"TF_CLI_CONFIG_FILE": str(configuration)} if configuration else {})


def cli_configuration_file(settings: Settings, caller: Mapping[str, str], say: Say) -> Path | None:
    """None leaves the user's own configuration in force: one that TF_CLI_CONFIG_FILE names and that exists."""
    generated = settings.state / "clients" / "terraform.rc"
    named = caller.get("TF_CLI_CONFIG_FILE")
    if named and Path(named) != generated:
        if Path(named).is_file():
            return None
        say(f"TF_CLI_CONFIG_FILE named {named}, which does not exist; a generated configuration takes its place")
    pin = toolchain.pins()["terraform-provider"]
    mirror = terraform.find_mirror(pin["source"], pin["version"], caller)
    if mirror is None:
        say(
            f"no filesystem mirror holds {pin['source']} {pin['version']}: `terraform init` will download it. "
            "Without a network, name a mirror in TF_PLUGIN_DIR."
        )
    plugin_cache = settings.cache / "terraform-plugins"
    for folder in (plugin_cache, generated.parent):
        folder.mkdir(parents=True, exist_ok=True)
    generated.write_text(terraform.cli_configuration(pin["source"], mirror, plugin_cache))
    return generated


def path_entries(settings: Settings, caller: Mapping[str, str]) -> list[str]:
    """Our programs first (psql, mysql, retail, terraform when we fetched it), then the caller's PATH, nothing twice."""
    ours = [str(write_shims(settings)), str(Path(sys.executable).parent)]
    rest = [entry for entry in caller.get("PATH", os.defpath).split(os.pathsep) if entry not in ours]
    return [*ours, *rest]


def write_shims(settings: Settings) -> Path:
    """Small scripts for programs that live in the cache or in a package."""
    folder = settings.state / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    for name, command in sorted(shimmed_programs(settings).items()):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        script.chmod(0o755)
    write_aws_shim(folder / "aws")
    return folder


def write_aws_shim(script: Path) -> None:
    """The AWS CLI (version 1) replaces AWS_ENDPOINT_URL by host names of its own for RDS, SQS and EMR."""
    program = Path(sys.executable).parent / "aws"
    endpoint = '${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"}'
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(str(program))} {endpoint} "$@"\n')
    script.chmod(0o755)


def shimmed_programs(settings: Settings) -> dict[str, list[str]]:
    """Name → command, for the programs that are there."""
    candidates = {
        "mysql": toolchain.folder(settings, "mariadb") / "bin" / "mariadb",
        "terraform": toolchain.folder(settings, "terraform") / "terraform",
    }
    wanted = {name: [str(path)] for name, path in candidates.items() if path.exists()}
    if command := psql():
        wanted["psql"] = command
    if terraform.on_path(toolchain.pins()["terraform"]["minimum"]):
        wanted.pop("terraform", None)
    return wanted


def fact_variables(ssm: Any) -> dict[str, str]:
    """What the roots have written to SSM by now and people type often."""
    names = {f"/{PROJECT}/{fact}": name for fact, name in FACTS.items()}
    found = ssm.get_parameters(Names=list(names))["Parameters"]
    return {names[parameter["Name"]]: parameter["Value"] for parameter in found}
