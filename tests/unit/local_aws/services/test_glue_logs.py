"""Logs arrive whole and once, whatever happened to the gateway in between."""

from botocore.exceptions import ClientError
from local_aws.services.glue_logs import LogFile, destination


class FakeLogs:
    """One log group service in memory."""

    def __init__(self) -> None:
        self.groups: set[str] = set()
        self.streams: dict[tuple[str, str], list[str]] = {}

    def create_log_group(self, **call):
        self._new(call["logGroupName"] not in self.groups)
        self.groups.add(call["logGroupName"])

    def create_log_stream(self, **call):
        self._new(key(call) not in self.streams)
        self.streams[key(call)] = []

    def put_log_events(self, **call):
        self.streams[key(call)] += [event["message"] for event in call["logEvents"]]

    def get_log_events(self, **call):
        start = int(call.get("nextToken", 0))
        events = self.streams[key(call)][start:]
        return {"events": events, "nextForwardToken": str(start + len(events))}

    def _new(self, new: bool) -> None:
        if not new:
            raise ClientError({"Error": {"Code": "ResourceAlreadyExistsException"}}, "Create")


def key(call) -> tuple[str, str]:
    return call["logGroupName"], call["logStreamName"]


def shipped(logs: FakeLogs) -> list[str]:
    return logs.streams["/aws-glue/jobs/output", "jr_1"]


def test_a_growing_file_is_sent_by_whole_lines(tmp_path):
    path, logs = tmp_path / "output.log", FakeLogs()
    file = LogFile(logs, path, "/aws-glue/jobs/output", "jr_1")
    file.ship()
    path.write_text("one\n\ntwo\nthr")
    file.ship()
    assert shipped(logs) == ["one", "two"]
    path.write_text("one\n\ntwo\nthree\nfour")
    file.ship(final=True)
    assert shipped(logs) == ["one", "two", "three", "four"]


def test_a_new_gateway_goes_on_where_the_stream_ends(tmp_path):
    path, logs = tmp_path / "output.log", FakeLogs()
    path.write_text("one\ntwo\n")
    LogFile(logs, path, "/aws-glue/jobs/output", "jr_1").ship()
    path.write_text("one\ntwo\nthree\n")
    LogFile(logs, path, "/aws-glue/jobs/output", "jr_1").ship(final=True)
    assert shipped(logs) == ["one", "two", "three"]


def test_what_was_not_taken_is_sent_again(tmp_path):
    path, logs = tmp_path / "output.log", FakeLogs()
    file = LogFile(logs, path, "/aws-glue/jobs/output", "jr_1")
    file.ship()
    path.write_text("line\n" * 2500)
    taken, logs.put_log_events = logs.put_log_events, None
    try:
        file.ship()
    except TypeError:
        logs.put_log_events = taken
    file.ship()
    assert len(shipped(logs)) == 2500


def test_groups_and_streams_by_argument():
    assert destination({}, "jr_1") == ("/aws-glue/jobs", "jr_1")
    custom = {"--custom-logGroup-prefix": "/retail", "--custom-logStream-prefix": "etl"}
    assert destination(custom, "jr_1") == ("/retail", "etl-driver")
