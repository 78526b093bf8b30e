"""The folder of one Glue run: its script and libraries fetched from S3, its arguments, its Spark configuration."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local_aws.engines import glue_driver, spark
from local_aws.engines.glue_runner import Launch
from local_aws.engines.spark import SparkInstallation

INSTALLER_FAILED = (
    "LAUNCH ERROR | Python Module Installer indicates modules that failed to install, "
    "check logs from the PythonModuleInstaller.Please refer logs for details."
)


class LaunchError(Exception):
    """The run cannot start; the message is the run's ErrorMessage, as Glue words it."""


@dataclass(frozen=True)
class RunRequest:
    """What a run is made of: `arguments` are the job's defaults with the run's own on top."""

    job_name: str
    job_id: str
    run_id: str
    script: str
    arguments: dict[str, str]
    timeout_minutes: float


@dataclass(frozen=True)
class Workspace:
    """<state>/glue/runs/<run id>; `s3` is a boto3 client."""

    folder: Path
    s3: Any

    def prepare(self, request: RunRequest, installation: SparkInstallation, aws: dict[str, str]) -> Launch:
        """Fetch everything, write the configuration and say how to launch. Raises LaunchError."""
        for name in ("home", "scratch", "work", "lib", "conf"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        arguments = request.arguments
        if arguments.get("--job-language", "python") != "python":
            raise LaunchError("LAUNCH ERROR | Local AWS runs Python scripts only (--job-language python).")
        script = self._fetch(arguments.get("--scriptLocation", request.script), self.folder / "work")
        python_path = self._python_path(arguments)
        for path in _paths(arguments, "--extra-files"):
            self._fetch(path, self.folder / "work")
        self._configure(installation, arguments)
        return Launch(
            argv=[
                str(installation.python),
                glue_driver.__file__,
                str(self.folder / "result.json"),
                str(self.error_log),
                str(script),
                *script_arguments(request),
            ],
            environment=spark.job_environment(installation, self.folder, python_path, aws),
            cwd=str(self.folder / "work"),
            output=str(self.output_log),
            timeout_seconds=request.timeout_minutes * 60,
        )

    @property
    def output_log(self) -> Path:
        return self.folder / "output.log"

    @property
    def error_log(self) -> Path:
        return self.folder / "error.log"

    def clear(self) -> None:
        """Drop what only the living run needed; the logs and the marks stay."""
        for name in ("home", "scratch", "lib", "conf"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def _configure(self, installation: SparkInstallation, arguments: dict[str, str]) -> None:
        formats = arguments.get("--datalake-formats", "").replace(" ", "").split(",")
        own = [self._fetch(path, self.folder / "lib") for path in _paths(arguments, "--extra-jars")]
        settings = spark.spark_defaults([*own, *installation.class_path(formats)], self.folder / "scratch")
        spark.write_configuration(self.folder / "conf", settings | spark.parse_conf(arguments.get("--conf", "")))

    def _python_path(self, arguments: dict[str, str]) -> list[Path]:
        """Archives go on the path as they are, as Spark does with --py-files; single modules by their folder."""
        fetched = [self._fetch(path, self.folder / "lib") for path in _paths(arguments, "--extra-py-files")]
        entries = [path.parent if path.suffix == ".py" else path for path in fetched]
        modules = _paths(arguments, "--additional-python-modules", split_only=True)
        if modules:
            entries.append(self._install(modules, self.folder / "lib" / "site-packages"))
        return list(dict.fromkeys(entries))

    def _install(self, modules: list[str], target: Path) -> Path:
        """Wheels from S3 alone: like a job in a private subnet, a run reaches no package index."""
        refused = [module for module in modules if not (module.startswith("s3://") and module.endswith(".whl"))]
        if refused:
            names = ", ".join(refused)
            with self.error_log.open("a") as log:
                log.write(f"PythonModuleInstaller: no package index is reachable for {names}; give wheels on S3.\n")
            raise LaunchError(INSTALLER_FAILED)
        for module in modules:
            unpack_wheel(self._fetch(module, self.folder / "lib"), target)
        return target

    def _fetch(self, location: str, into: Path) -> Path:
        bucket, _, key = location.removeprefix("s3://").partition("/")
        target = into / Path(key).name
        try:
            self.s3.download_file(bucket, key, str(target))
        except ClientError as error:
            raise LaunchError(_download_failed(bucket, key, error.response)) from error
        return target


def _download_failed(bucket: str, key: str, answer: Any) -> str:
    """As Glue words it, down to the missing spaces: people search for this text."""
    status, error = answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]
    return (
        f"LAUNCH ERROR | Error downloading from S3 for bucket: {bucket}, key: {key}.{error.get('Message')} "
        f"(Service: Amazon S3; Status Code: {status}; Error Code: {error.get('Code')})Please refer logs for details."
    )


def script_arguments(request: RunRequest) -> list[str]:
    """sys.argv[1:] of the script: Glue's own names first, then every job argument, the ones that Glue consumes too."""
    own = {
        "--job-bookmark-option": "job-bookmark-disable",
        "--JOB_ID": request.job_id,
        "--JOB_RUN_ID": request.run_id,
        "--JOB_NAME": request.job_name,
    }
    return [text for name, value in (own | request.arguments).items() for text in (name, value)]


def unpack_wheel(wheel: Path, target: Path) -> None:
    """Install a wheel into a folder: its files, and what its .data folder keeps for site-packages."""
    target.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(target)
    except zipfile.BadZipFile as error:
        raise LaunchError(INSTALLER_FAILED) from error
    for data in target.glob("*.data"):
        for kind in ("purelib", "platlib"):
            if (data / kind).is_dir():
                shutil.copytree(data / kind, target, dirs_exist_ok=True)
        shutil.rmtree(data)


def _paths(arguments: dict[str, str], name: str, *, split_only: bool = False) -> list[str]:
    items = [item.strip() for item in arguments.get(name, "").split(",") if item.strip()]
    wrong = [] if split_only else [item for item in items if not item.startswith("s3://")]
    if wrong:
        raise LaunchError(
            f"LAUNCH ERROR | {name} takes full S3 paths, not {', '.join(wrong)}. Please refer logs for details."
        )
    return items
