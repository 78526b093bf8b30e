"""retail-profile-updater: what shoppers look at becomes what the next request knows.

Reads retail-events. A record that is no event fails alone (partial batch response) and reaches the on-failure
destination whole; while the database does not answer the whole batch comes again, and doing it twice changes nothing.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord

from streaming_recs.adapters.vector_store import VectorStore
from streaming_recs.events import BrowseEvent, parse_event
from streaming_recs.handlers.process import vector_store
from streaming_recs.settings import Database, Patience

# Nobody waits for this function; a batch that fails is read again.
PATIENCE = Patience(connect=5, statement=10, pause=0)


@cache
def store() -> VectorStore:
    return vector_store(Database.from_environment(os.environ), PATIENCE)


def parse(record: KinesisStreamRecord) -> BrowseEvent:
    """The event in a record; raises EventRefusedError."""
    return parse_event(record.kinesis.data_as_bytes())


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Entry point: a batch of Kinesis records → the sequence numbers of those that failed."""
    processor = BatchProcessor(event_type=EventType.KinesisDataStreams, raise_on_entire_batch_failure=False)
    with processor(event["Records"], parse, context):
        outcomes = processor.process()
    store().remember([result for status, result, _ in outcomes if status == "success"])
    return dict(processor.response())
