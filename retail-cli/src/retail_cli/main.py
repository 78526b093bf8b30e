"""The `retail` command: each part of the platform adds its own through the entry-point group `retail.commands`."""

from __future__ import annotations

from importlib.metadata import entry_points

import typer

app = typer.Typer(
    name="retail",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
)


# With a callback, `retail` has sub-commands even while there is only one of them.
@app.callback(epilog="Each command tells more: `retail load-source --help`.")
def retail() -> None:
    """The retail analytics platform at a prompt.

    On the laptop, start it with `make up` and then `eval "$(make -s env)"`; on AWS, `make tunnel` prints the same
    variables. Then fill the source with `retail load-source --orders 10000`, and run the job:
    `aws glue start-job-run --job-name retail-etl-job`.
    """


for entry_point in sorted(entry_points(group="retail.commands"), key=lambda found: found.name):
    app.command(entry_point.name)(entry_point.load())
