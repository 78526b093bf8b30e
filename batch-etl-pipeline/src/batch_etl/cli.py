"""`retail replay-files`: store files that were not loaded, once more. (`retail replay` is the stream's events.)"""

from __future__ import annotations

from typing import Annotated

import typer


def replay_files(
    name: Annotated[str, typer.Argument(help="Which files, by their name below store-files/; * stands for any.")] = "*",
    refused: Annotated[bool, typer.Option("--refused", help="Also files that could not be read.")] = False,
    bad_rows: Annotated[bool, typer.Option("--bad-rows", help="Also loaded files of which rows were bad.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show them only.")] = False,
    project: Annotated[str, typer.Option(help="Prefix of the platform's names.", envvar="TF_VAR_project")] = "retail",
) -> None:
    """Load **store files** again that a failed run left, or that were refused before their contract was mended.

    With --bad-rows files are read again whose bad rows a mended contract takes. Rows that have arrived already count
    once. What became of every file is in the table <project>-file-ledger; the runId there says which lines of the
    quarantine still hold.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from batch_etl.sources.store_files.ledger import Ledger
    from batch_etl.sources.store_files.replay import Replay

    try:
        names = [f"/{project}/store-files/{fact}" for fact in ("ledger_table", "state_machine_arn")]
        found = boto3.client("ssm").get_parameters(Names=names)["Parameters"]
        facts = {parameter["Name"].rpartition("/")[2]: parameter["Value"] for parameter in found}
        if len(facts) < len(names):
            typer.echo(
                f"/{project}/store-files/… is not in Parameter Store. Apply batch-etl-pipeline/terraform.", err=True
            )
            raise typer.Exit(1)
        ledger = Ledger(boto3.client("dynamodb"), facts["ledger_table"])
        replay = Replay(boto3.client("stepfunctions"), ledger, facts["state_machine_arn"])
        waiting = replay.candidates(name, refused=refused, bad_rows=bad_rows)
        for one in waiting:
            typer.echo(f"{one.status:<9} {one.file.name}  {one.reason}")
        started = 0 if dry_run else replay.again(waiting)
    except (BotoCoreError, ClientError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    what = (
        "would be loaded again" if dry_run else f"are loaded again by {started} executions of {project}-file-ingestion"
    )
    typer.echo(f"{len(waiting)} files {what}")
