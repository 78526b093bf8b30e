"""retail-etl-job: source database → bronze mirrors → star schema, audited and published.

Glue runs this file as the job's script; the package beside it comes as a wheel (--extra-py-files).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from batch_etl.options import EtlOptions
from batch_etl.session import aws_clients, glue_session
from batch_etl.stages.context import Run
from batch_etl.stages.runner import run_stages


def main(argv: Sequence[str]) -> None:
    """Raises an EtlError, which Glue records as the run's error message, when the run fails."""
    options = EtlOptions.from_argv(argv)
    run_stages(Run(options, glue_session, aws_clients())).print_summary()


if __name__ == "__main__":
    main(sys.argv)
