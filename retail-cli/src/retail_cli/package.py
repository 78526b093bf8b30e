"""`retail package`: jobs, wheels, functions, layers and the storefront: the same bytes for the same sources."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from retail_cli import dependencies
from retail_cli.archives import files_under, unzipped_size, write_wheel, write_zip
from retail_cli.certificates import CertificateError, named_bundle, rds_bundle
from retail_cli.checkout import CheckoutError, checkout

LAMBDA_LIMIT = 250 * 1024 * 1024  # "Lambda quotas": unzipped, layers included
stderr = Console(stderr=True)


class Target(StrEnum):
    LOCAL = "local"
    LAMBDA = "lambda"


class PackageError(Exception):
    """What was built would not run on AWS."""


@dataclass(frozen=True)
class Part:
    """A workspace member: its folder, the import package under src/, and the extras that it needs where it runs."""

    folder: str
    package: str
    extras: tuple[str, ...] = ()

    @property
    def selection(self) -> tuple[str, ...]:
        """What of the lock is this part's."""
        return ("--package", self.folder, *(option for extra in self.extras for option in ("--extra", extra)))


FUNCTIONS = (
    Part("app-infrastructure", "source_database"),
    Part("batch-etl-pipeline", "batch_etl", ("functions",)),
    Part("streaming-recommendation-pipeline", "streaming_recs", ("inference",)),
)
JOBS = (
    Part("batch-etl-pipeline", "batch_etl", ("jobs",)),
    Part("streaming-recommendation-pipeline", "streaming_recs", ("training",)),
)
STOREFRONT = Part("app-infrastructure", "storefront", ("storefront",))
# The storefront's own, the source's connection and pool, and the contract of the events that it sends.
WHEELHOUSE = (
    STOREFRONT,
    Part("app-infrastructure", "source_database"),
    Part("streaming-recommendation-pipeline", "streaming_recs"),
)
KINDS = ("ca", "jobs", "lambda", "layers", "modules", "storefront", "wheels")


def package(
    target: Annotated[Target, typer.Option(help="local: for local AWS. lambda: for AWS.")] = Target.LOCAL,
) -> None:
    """Build jobs, wheels, functions, layers and the storefront into build/."""
    try:
        root = checkout()
        authority = named_bundle() if target is Target.LOCAL else rds_bundle()
        fingerprint = _fingerprint(root, target, authority)
        artifacts = artifacts_dir(root)
        if _recorded(artifacts) == fingerprint:
            stderr.print(f"{artifacts} is up to date for {target}", soft_wrap=True, highlight=False)
            return
        with tempfile.TemporaryDirectory(prefix="retail-package-") as scratch:
            _publish(artifacts, build(root, target, authority, Path(scratch)), fingerprint)
    except (CheckoutError, CertificateError, PackageError, dependencies.DependencyError, OSError) as error:
        stderr.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None


def artifacts_dir(root: Path) -> Path:
    """build/, or where Terraform is told to look: environments side by side have certificates of their own."""
    return Path(os.environ.get("TF_VAR_artifacts_dir") or root / "build").absolute()  # noqa: SIM112 - Terraform's spelling


def build(root: Path, target: Target, authority: bytes, scratch: Path) -> Path:
    """Everything into a folder of its own; returns it."""
    out = scratch / "build"
    (out / "ca").mkdir(parents=True)
    (out / "ca" / "source-ca.pem").write_bytes(authority)
    for part in JOBS:
        stderr.print(f"packaging {part.folder} for Glue")
        _build_job(root, part, dependencies.GLUE if target is Target.LAMBDA else dependencies.HERE, out, scratch)
    for part in FUNCTIONS:
        stderr.print(f"packaging {part.folder} for Lambda")
        installed = scratch / "lambda" / part.package
        runtime = dependencies.LAMBDA if target is Target.LAMBDA else dependencies.HERE
        dependencies.install(root, _lacking(root, part, "lambda-runtime"), installed, runtime)
        _build_function(root, part, authority, out, installed)
    stderr.print(f"packaging the storefront of {STOREFRONT.folder} for its instances")
    # An instance is Amazon Linux 2023, as a Glue worker is.
    _build_wheelhouse(root, dependencies.GLUE if target is Target.LAMBDA else dependencies.HERE, out, scratch)
    return out


def _lacking(root: Path, part: Part, runtime: str) -> str:
    """What of the part's packages the service does not have already."""
    provided = dependencies.export(root, "--only-group", runtime)
    return dependencies.without(dependencies.export(root, *part.selection), provided)


def _build_job(root: Path, part: Part, runtime: dependencies.Runtime, out: Path, scratch: Path) -> None:
    """A wheel of ours, wheels of what a Glue worker lacks, and copies of the entry scripts."""
    sources = root / part.folder / "src" / part.package
    pure, compiled = out / "wheels" / part.package, out / "modules" / part.package
    write_wheel(pure, part.package, _version(root / part.folder), files_under(sources, f"{part.package}/"))
    installed = scratch / "glue" / part.package
    dependencies.install(root, _lacking(root, part, "glue-runtime"), installed, runtime)
    dependencies.rewheel(installed, pure, compiled)
    (out / "jobs").mkdir(exist_ok=True)
    for script in sorted((sources / "jobs").glob("[!_]*.py")):
        shutil.copyfile(script, out / "jobs" / script.name)


def _build_function(root: Path, part: Part, authority: bytes, out: Path, installed: Path) -> None:
    """A zip of the package, and a layer of what Lambda's Python lacks."""
    code, layer = out / "lambda" / f"{part.package}.zip", out / "layers" / f"{part.package}.zip"
    write_zip(code, files_under(root / part.folder / "src" / part.package, f"{part.package}/"))
    write_zip(layer, dependencies.installed_files(installed, "python/") | {"ca/source-ca.pem": authority})
    size = unzipped_size(code) + unzipped_size(layer)
    if size > LAMBDA_LIMIT:
        raise PackageError(f"{part.package} unpacks to {size:,} bytes with its layer; Lambda takes {LAMBDA_LIMIT:,}.")


def _build_wheelhouse(root: Path, runtime: dependencies.Runtime, out: Path, scratch: Path) -> None:
    """Everything that the storefront stands on, as wheels in one folder: its instances reach no index."""
    house, installed = out / "storefront", scratch / "storefront"
    for part in WHEELHOUSE:
        sources = root / part.folder / "src" / part.package
        write_wheel(house, part.package, _version(root / part.folder), files_under(sources, f"{part.package}/"))
    dependencies.install(root, dependencies.export(root, *STOREFRONT.selection), installed, runtime)
    dependencies.rewheel(installed, house, house)


def _version(folder: Path) -> str:
    return str(tomllib.loads((folder / "pyproject.toml").read_text())["project"]["version"])


def _inputs(root: Path) -> Iterator[Path]:
    yield from (root / "uv.lock", *sorted(Path(__file__).parent.glob("*.py")))
    for part in {part.folder: part for part in (*JOBS, *FUNCTIONS)}.values():
        yield root / part.folder / "pyproject.toml"
        yield from sorted(path for path in (root / part.folder / "src").rglob("*") if path.is_file())


def _fingerprint(root: Path, target: Target, authority: bytes) -> str:
    digest = hashlib.sha256(target.encode() + authority)
    for path in _inputs(root):
        if "__pycache__" not in path.parts:
            digest.update(
                path.relative_to(root).as_posix().encode() if path.is_relative_to(root) else path.name.encode()
            )
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _recorded(artifacts: Path) -> str:
    record = artifacts / ".fingerprint"
    return record.read_text() if record.is_file() else ""


def _publish(target: Path, built: Path, fingerprint: str) -> None:
    """Put the new build in the old one's place; the fingerprint comes last, so a cut run is built again."""
    for kind in KINDS:
        shutil.rmtree(target / kind, ignore_errors=True)
    (target / ".fingerprint").unlink(missing_ok=True)
    shutil.copytree(built, target, dirs_exist_ok=True)
    (target / ".fingerprint").write_text(fingerprint)
    for path in sorted(path for path in target.rglob("*") if path.is_file() and not path.name.startswith(".")):
        stderr.print(
            f"  {target.name}/{path.relative_to(target).as_posix()}  {path.stat().st_size:,} bytes",
            highlight=False,
            soft_wrap=True,
        )
