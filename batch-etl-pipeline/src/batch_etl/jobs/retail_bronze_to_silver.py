"""retail-bronze-to-silver: stored API pages and archived clicks → transaction_items, clicks and sessions.

Glue runs this file as the job's script; the package beside it comes as a wheel (--extra-py-files).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from batch_etl.medallion.options import SilverOptions
from batch_etl.medallion.reports import noted, reported
from batch_etl.medallion.silver import Silver
from batch_etl.session import aws_clients, glue_session
from batch_etl.stages.metrics import LakeMetrics


def main(argv: Sequence[str]) -> None:
    """Raises an EtlError, which Glue records as the run's error message, when the run fails."""
    options, aws = SilverOptions.from_argv(argv), aws_clients()
    with reported(aws.s3, options) as report:
        silver = Silver(glue_session(), aws.s3, options)
        transactions = noted(report, "transactions", silver.take_transactions())
        events = noted(report, "events", silver.take_clicks())
        LakeMetrics(aws.cloudwatch, options.project).put({"RecordsSetAside": transactions.bad + events.bad})


if __name__ == "__main__":
    main(sys.argv)
