"""retail-silver-to-gold: silver → store_daily_sales, store_product_performance, conversion_funnel, published together.

Glue runs this file as the job's script; the package beside it comes as a wheel (--extra-py-files).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from batch_etl.medallion.gold import Gold
from batch_etl.medallion.options import GoldOptions
from batch_etl.medallion.reports import reported
from batch_etl.session import aws_clients, glue_session


def main(argv: Sequence[str]) -> None:
    """Raises an EtlError, which Glue records as the run's error message, when the run fails."""
    options, aws = GoldOptions.from_argv(argv), aws_clients()
    with reported(aws.s3, options) as report:
        Gold(glue_session(), aws.dynamodb, options).publish(report)


if __name__ == "__main__":
    main(sys.argv)
