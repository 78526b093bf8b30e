"""retail-file-ingest: store files of one run → typed rows → tables of the silver database, each row once.

Glue runs this file as the job's script; the package beside it comes as a wheel (--extra-py-files).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import boto3

from batch_etl.session import glue_session
from batch_etl.sources.store_files.ingestion import Ingestion
from batch_etl.sources.store_files.options import IngestOptions


def main(argv: Sequence[str]) -> None:
    """Raises an EtlError, which Glue records as the run's error message, when the run fails."""
    options = IngestOptions.from_argv(argv)
    report = Ingestion(options, glue_session, boto3.client("s3"), boto3.client("dynamodb")).run()
    print(json.dumps(report, indent=2), flush=True)


if __name__ == "__main__":
    main(sys.argv)
