"""Job.init and Job.commit. Bookmarks are not kept here: a job that asks for them is told so, not silently re-run."""

from __future__ import annotations

from typing import Any


class Job:
    """The bracket around a script; with bookmarks off, which is Glue's default, it does nothing on Glue either."""

    def __init__(self, glue_context: Any) -> None:
        self.glue_context = glue_context
        self.name: str | None = None
        self.arguments: dict[str, str] = {}

    def init(self, job_name: str, args: dict[str, str] | None = None) -> None:
        self.name, self.arguments = job_name, args or {}
        if self.arguments.get("job_bookmark_option") == "job-bookmark-enable":
            raise NotImplementedError(
                "Job bookmarks are not emulated: set --job-bookmark-option to job-bookmark-disable."
            )

    def isInitialized(self) -> bool:  # noqa: N802 - Glue's name
        return self.name is not None

    def commit(self) -> None:
        if self.name is None:
            raise RuntimeError("Job.commit was called before Job.init.")
