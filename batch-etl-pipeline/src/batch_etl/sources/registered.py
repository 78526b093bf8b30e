"""The source that app-infrastructure registered in Parameter Store, as its reader user sees it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from batch_etl.errors import SourceUnreachable
from batch_etl.sources.mysql import Source
from batch_etl.sources.secret import read_login

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient

_WANTED = ("endpoint", "port", "database", "reader_secret_arn")


def registered_source(project: str, ssm: SSMClient, secrets: SecretsManagerClient) -> Source:
    """Where the source is and how to log in; MYSQL_URL (of a tunnel, say) and SOURCE_CA_BUNDLE go before.

    Raises SourceUnreachable when nothing is registered.
    """
    found = {
        parameter["Name"].rpartition("/")[2]: parameter["Value"]
        for parameter in ssm.get_parameters(Names=[f"/{project}/source/{name}" for name in _WANTED])["Parameters"]
    }
    if len(found) < len(_WANTED):
        raise SourceUnreachable(
            f"/{project}/source/… is not in Parameter Store. Apply app-infrastructure/terraform first."
        )
    tunnel = urlsplit(os.environ.get("MYSQL_URL", ""))
    return Source(
        host=tunnel.hostname or found["endpoint"],
        port=tunnel.port or int(found["port"]),
        database=found["database"],
        ca=Path(os.environ.get("SOURCE_CA_BUNDLE", "build/ca/source-ca.pem")),
        read_login=read_login(secrets, found["reader_secret_arn"]),
    )
