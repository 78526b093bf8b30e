"""Only a script that came to its end has succeeded."""

import json

import pytest
from local_aws.services.glue_outcome import LOST, outcome_of


@pytest.mark.parametrize(
    ("returncode", "reason", "said", "expected"),
    [
        (0, "ended", "finished", ("SUCCEEDED", "")),
        (1, "ended", "ValueError: no rows", ("FAILED", "ValueError: no rows")),
        (0, "ended", None, ("FAILED", "Command ended before its script did, without an error.")),
        (3, "ended", None, ("FAILED", "Command failed with exit code 3.")),
        (-9, "ended", None, ("FAILED", "Command failed with exit code 137 (killed by SIGKILL).")),
        (-15, "stopped", None, ("STOPPED", "Job run stopped.")),
        (-15, "timeout", None, ("TIMEOUT", "Job has exceeded its time-out.")),
    ],
)
def test_an_end(tmp_path, returncode, reason, said, expected):
    ended = {"returncode": returncode, "reason": reason, "started": 10.0, "finished": 12.5}
    (tmp_path / "exit.json").write_text(json.dumps(ended))
    if said is not None:
        (tmp_path / "result.json").write_text(json.dumps({"outcome": said}))
    outcome = outcome_of(tmp_path)
    assert (outcome.state, outcome.message) == expected
    assert outcome.seconds == 2.5


def test_no_trace_is_a_failure(tmp_path):
    (tmp_path / "result.json").write_text('{"outcome": "finished"}')
    assert (outcome_of(tmp_path).state, outcome_of(tmp_path).message) == ("FAILED", LOST)
