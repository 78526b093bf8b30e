"""retail-warehouse-load: the last publication of gold → the PostgreSQL warehouse, all tables in one transaction.

Glue runs this file as the job's script; the package beside it comes as a wheel (--extra-py-files).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from batch_etl.session import aws_clients, glue_session
from batch_etl.warehouse.options import LoadOptions
from batch_etl.warehouse.run import run_load


def main(argv: Sequence[str]) -> None:
    """Raises an EtlError, which Glue records as the run's error message, when the run fails."""
    run_load(LoadOptions.from_argv(argv), glue_session, aws_clients()).print_summary()


if __name__ == "__main__":
    main(sys.argv)
