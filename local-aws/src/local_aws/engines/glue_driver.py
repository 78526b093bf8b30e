"""What Glue's launcher does around a script, in the job's own Python: run it as __main__, and say how it ended.

`python glue_driver.py <result.json> <error log> <script> <arguments…>`: it stands alone, because a
job sees nothing of ours.
"""

from __future__ import annotations

import json
import runpy
import sys
import traceback
from datetime import datetime, timezone
from pathlib import Path


def run(result: Path, error_log: Path, script: str) -> int:
    """Returns the exit status. Without a written result the script did not come to its end."""
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as leaving:
        status = _status(leaving.code)
        _write(result, "finished" if status == 0 else f"SystemExit: {leaving.code}")
        return status
    except BaseException as error:
        _report(error, error_log)
        _write(result, f"{type(error).__name__}: {_message(error)}")
        return 1
    _write(result, "finished")
    return 0


def _status(code: object) -> int:
    if code is None or code == 0:
        return 0
    if isinstance(code, int):
        return code
    print(code, file=sys.stderr)
    return 1


def _message(error: BaseException) -> str:
    """A Java stack behind Py4J belongs in the log; its first two lines say what happened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if type(error).__name__ == "Py4JJavaError":
        return " ".join(lines[:2]).replace(": java", " java", 1) if lines else ""
    return "\n".join(lines[:20])


def _report(error: BaseException, error_log: Path) -> None:
    """The traceback without our own frames, on stderr and, as Glue's launcher writes it, in the error log."""
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_code.co_filename in (__file__, runpy.__file__, "<frozen runpy>"):
        frame = frame.tb_next
    text = "".join(traceback.format_exception(type(error), error, frame))
    sys.stdout.flush()
    print(text, file=sys.stderr, end="", flush=True)
    moment = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S,%f")[:-3]  # noqa: UP017 - Glue's Python may be 3.10
    with error_log.open("a") as log:
        log.write(f"{moment} ERROR [main] glue.ProcessLauncher: Error from Python:{text}")


def _write(result: Path, outcome: str) -> None:
    draft = result.with_suffix(".draft")
    draft.write_text(json.dumps({"outcome": outcome}))
    draft.replace(result)


if __name__ == "__main__":
    _result, _error_log, *sys.argv = sys.argv[1:]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    sys.exit(run(Path(_result), Path(_error_log), sys.argv[0]))
