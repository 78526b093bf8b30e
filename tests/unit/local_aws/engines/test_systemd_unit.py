"""systemd units: what is read of them, and when a service is started again."""

from __future__ import annotations

import pytest
from local_aws.engines.systemd_unit import UnitError, command_line, parse_environment_file, parse_unit, seconds

UNIT = """
[Unit]
After=network.target
[Service]
User=shop
Environment=PORT=8000 "GREETING=good day"
EnvironmentFile=-/etc/shop/env
WorkingDirectory=/opt/shop
StateDirectory=shop
ExecStartPre=/bin/true
ExecStart=/opt/shop/bin/serve \\
  --port ${PORT}
Restart=on-failure
RestartSec=2
[Install]
WantedBy=multi-user.target
"""


def test_a_unit_says_what_is_run_and_with_what() -> None:
    unit = parse_unit("shop.service", UNIT)
    assert unit.start.split() == ["/opt/shop/bin/serve", "--port", "${PORT}"]
    assert unit.before == ("/bin/true",)
    assert unit.environment == (("PORT", "8000"), ("GREETING", "good day"))
    assert unit.environment_files == (("/etc/shop/env", True),)
    assert (unit.working_directory, unit.directories) == ("/opt/shop", ("var/lib/shop",))
    assert (unit.restart, unit.restart_seconds) == ("on-failure", 2.0)


@pytest.mark.parametrize(
    ("restart", "code", "again"),
    [
        ("always", 0, True), ("on-failure", 0, False), ("on-failure", 1, True), ("on-failure", -9, True),
        ("on-success", 0, True), ("on-success", 1, False), ("on-abnormal", 1, False), ("on-abnormal", -9, True),
        ("no", 1, False),
    ],
)  # fmt: skip
def test_restart_follows_the_table_of_systemd(restart: str, code: int, again: bool) -> None:
    assert parse_unit("x", f"[Service]\nExecStart=/bin/x\nRestart={restart}").restarts_after(code) is again


@pytest.mark.parametrize(
    ("text", "named"),
    [("ExecStart=/bin/x\nExecReload=/bin/y", "ExecReload="), ("Restart=always", "ExecStart="),
     ("ExecStart=/bin/x\nRestart=sometimes", "Restart=sometimes")],
)  # fmt: skip
def test_what_is_not_done_is_named(text: str, named: str) -> None:
    with pytest.raises(UnitError, match=named):
        parse_unit("shop.service", f"[Service]\n{text}\n")


def test_an_empty_assignment_clears_what_stood_before() -> None:
    unit = parse_unit("x", "[Service]\nExecStart=/bin/a\nExecStart=\nExecStart=/bin/b")
    assert unit.start == "/bin/b"


def test_variables_fill_words_and_all_interfaces_become_the_loopback() -> None:
    line = "-/opt/serve --bind 0.0.0.0:${PORT} --name '${NAME}' $MORE $NOTHING"
    environment = {"PORT": "4571", "NAME": "a b", "MORE": "-x -y"}
    assert command_line(line, environment, lambda text: text) == [
        "/opt/serve", "--bind", "127.0.0.1:4571", "--name", "a b", "-x", "-y"
    ]  # fmt: skip


def test_environment_files_have_comments_and_quotes() -> None:
    assert parse_environment_file("# no\n\nA=1\nB=\"two words\"\nC='x=y'\n") == [
        ("A", "1"),
        ("B", "two words"),
        ("C", "x=y"),
    ]


def test_time_spans() -> None:
    assert [seconds(text) for text in ("5", "100ms", "2min", "infinity")] == [5.0, 0.1, 120.0, 60.0]
