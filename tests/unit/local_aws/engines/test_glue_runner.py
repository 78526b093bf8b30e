"""The runner and the driver: real processes, real ends."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest
from local_aws.engines import glue_driver
from local_aws.engines.glue_runner import Launch
from local_aws.processes import ProcessId, read_json
from local_aws.services.glue_outcome import outcome_of


def start(folder: Path, script: str, *arguments: str, timeout: float = 30) -> subprocess.Popen[bytes]:
    (folder / "job.py").write_text(script)
    driver = [sys.executable, glue_driver.__file__, str(folder / "result.json"), str(folder / "error.log")]
    launch = Launch(
        [*driver, str(folder / "job.py"), *arguments],
        dict(os.environ),
        str(folder),
        str(folder / "output.log"),
        timeout,
    )
    (folder / "launch.json").write_text(json.dumps(asdict(launch)))
    return subprocess.Popen([sys.executable, "-m", "local_aws.engines.glue_runner", str(folder)])


def until(condition, seconds: float = 15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def job_of(folder: Path) -> ProcessId:
    return ProcessId(**read_json(folder / "job.json"))


def lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def ended(folder: Path, process: subprocess.Popen[bytes]) -> tuple[str, str]:
    process.wait(30)
    outcome = outcome_of(folder)
    return outcome.state, outcome.message


def test_a_script_sees_its_arguments_and_its_neighbours(tmp_path):
    (tmp_path / "neighbour.py").write_text("WORD = 'here'")
    runner = start(tmp_path, "import sys, neighbour; print(sys.argv[1:], neighbour.WORD, __name__)", "--a", "b c")
    assert ended(tmp_path, runner) == ("SUCCEEDED", "")
    assert (tmp_path / "output.log").read_text() == "['--a', 'b c'] here __main__\n"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("raise ValueError('bad rows')", ("FAILED", "ValueError: bad rows")),
        ("import sys; sys.exit(0)", ("SUCCEEDED", "")),
        ("import sys; sys.exit(3)", ("FAILED", "SystemExit: 3")),
        ("import sys; sys.exit('no source')", ("FAILED", "SystemExit: no source")),
        ("import os; os._exit(0)", ("FAILED", "Command ended before its script did, without an error.")),
        ("import missing_module", ("FAILED", "ModuleNotFoundError: No module named 'missing_module'")),
        ("def f(:", ("FAILED", "SyntaxError: invalid syntax (job.py, line 1)")),
    ],
)
def test_how_a_script_ends(tmp_path, script, expected):
    assert ended(tmp_path, start(tmp_path, script)) == expected


def test_the_traceback_is_the_scripts_own(tmp_path):
    ended(tmp_path, start(tmp_path, "def f():\n    raise KeyError('x')\nf()"))
    for log in ("output.log", "error.log"):
        text = (tmp_path / log).read_text()
        assert "KeyError: 'x'" in text
        assert "runpy" not in text
        assert "glue_driver" not in text


def test_a_time_out_ends_all_of_it(tmp_path):
    script = "import subprocess, time\nprint(subprocess.Popen(['sleep', '60']).pid, flush=True)\ntime.sleep(60)"
    assert ended(tmp_path, start(tmp_path, script, timeout=1.5))[0] == "TIMEOUT"
    child = int((tmp_path / "output.log").read_text())
    assert not lives(child)


def test_a_stop_reaches_the_script(tmp_path):
    runner = start(tmp_path, "import time; time.sleep(60)")
    until((tmp_path / "job.json").exists)
    runner.send_signal(signal.SIGTERM)
    assert ended(tmp_path, runner)[0] == "STOPPED"


def test_a_killed_script_has_failed_and_a_killed_runner_leaves_no_end(tmp_path):
    runner = start(tmp_path, "import time; time.sleep(60)")
    until((tmp_path / "job.json").exists)
    job = job_of(tmp_path)
    os.kill(job.pid, signal.SIGKILL)
    assert ended(tmp_path, runner) == ("FAILED", "Command failed with exit code 137 (killed by SIGKILL).")
    assert not job.alive

    lost = tmp_path / "lost"
    lost.mkdir()
    runner = start(lost, "import time; time.sleep(60)")
    until((lost / "job.json").exists)
    runner.kill()
    assert ended(lost, runner)[0] == "FAILED"
    os.kill(job_of(lost).pid, signal.SIGKILL)
