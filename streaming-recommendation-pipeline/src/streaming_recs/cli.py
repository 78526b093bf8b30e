"""`retail load-vectors`, `switch-version`, `rollback` and `replay`."""

from __future__ import annotations

from typing import Annotated

import typer

from streaming_recs.terminal import Project, errors_explained, platform_of


def load_vectors(
    version: Annotated[str | None, typer.Option(help="By default the one that passed the gate last.")] = None,
    live: Annotated[bool, typer.Option(help="Make it live once it is loaded and its recall is measured.")] = True,
    reason: Annotated[str, typer.Option(help="Goes into the journal of switches.")] = "retail load-vectors",
    project: Project = "retail",
) -> None:
    """Load a published **model version** into pgvector and make it live, in one transaction.

    `psql "$VECTOR_DB_URL" -f sql/pgvector/embeddings.sql` does the same for the current export; this is the way for
    millions of items.
    """
    from streaming_recs.operations import load_version

    with errors_explained(), platform_of(project).connect() as connection:
        loaded = load_version(connection, platform_of(project).models(), version, make_live=live, reason=reason)
    typer.echo(
        f"{loaded.version}: {loaded.items:,} items, {loaded.users:,} users, index {loaded.index_kind}, recall "
        f"{loaded.recall:.4f}{'; live' if live else ''}"
    )


def switch_version(
    version: Annotated[str, typer.Argument(help="A version that is loaded.")],
    reason: Annotated[str, typer.Option(help="Goes into the journal of switches.")] = "retail switch-version",
    project: Project = "retail",
) -> None:
    """Make a loaded model version live; no reader notices."""
    from streaming_recs import operations

    with errors_explained(), platform_of(project).connect() as connection:
        previous = operations.switch_version(connection, platform_of(project).models(), version, reason=reason)
    typer.echo(f"{version} is live; before it was {previous}")


def rollback(
    reason: Annotated[str, typer.Option(help="Goes into the journal of switches.")] = "retail rollback",
    project: Project = "retail",
) -> None:
    """Return to the **model version** that was live before."""
    from streaming_recs import operations

    with errors_explained(), platform_of(project).connect() as connection:
        version = operations.rollback(connection, platform_of(project).models(), reason=reason)
    typer.echo(f"{version} is live again")


def replay(
    prefix: Annotated[
        list[str] | None, typer.Option(help="Where to look in the lake bucket; may repeat.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only.")] = False,
    project: Project = "retail",
) -> None:
    """Put **failed browse events** back on the stream: what was quarantined, and what Lambda gave up on."""
    from streaming_recs.adapters.event_sink import EventSink
    from streaming_recs.replay import PREFIXES
    from streaming_recs.replay import replay as run

    with errors_explained():
        platform = platform_of(project)
        sink = None if dry_run else EventSink(platform.aws("kinesis"), platform.parameters("events/stream_name")[0])
        done = run(platform.aws("s3"), platform.lake_bucket(), sink, tuple(prefix or PREFIXES))
    typer.echo(f"{done.sent} records {'would be' if dry_run else 'were'} sent again, from {done.objects} objects")
    for why, count in sorted(done.refused.items()):
        typer.echo(f"{count} stay: {why}")
