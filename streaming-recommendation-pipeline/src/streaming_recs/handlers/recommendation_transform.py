"""retail-recommendation-transform: Firehose hands over a batch of browse events and takes it back enriched.

Every record comes back once: Ok, or ProcessingFailed for one that is no event; that one's bytes and the reason go to
the quarantine prefix, from where `retail replay` puts it back on the stream.
Source: Amazon Data Firehose Developer Guide, "Transform source data"; the answer may have 6 MB.
"""

from __future__ import annotations

import base64
import ctypes
import gc
import logging
import os
import sys
from functools import cache
from typing import Any

from streaming_recs.adapters.aws import client
from streaming_recs.adapters.quarantine import Quarantine, Refused
from streaming_recs.enrichment import Enriched, enrich, slimmer, to_line
from streaming_recs.handlers.process import recommender
from streaming_recs.recommender import Recommender
from streaming_recs.settings import Enrichment

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)
# A batch makes so many records, and no cycle: to look for one takes a tenth of its time.
gc.set_threshold(100_000)
# Its megabytes stay with the process, which needs as many for the next one: to give them back to the kernel and have
# them anew, page by page, takes a sixth. M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's mallopt(3).
if sys.platform == "linux":
    for option in (-1, -3):
        ctypes.CDLL(None).mallopt(option, 1 << 30)

ANSWER_BYTES = 5_500_000  # of Lambda's 6 MB, with room for the envelope


@cache
def settings() -> Enrichment:
    return Enrichment.from_environment(os.environ)


@cache
def shared() -> Recommender:
    return recommender(settings().serving)


@cache
def quarantine() -> Quarantine:
    return Quarantine(client("s3"), settings().serving.lake_bucket, settings().quarantine_prefix)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Entry point: Firehose's transformation event."""
    records = event["records"]
    raw = [base64.b64decode(record["data"]) for record in records]
    outcomes = enrich(raw, shared())
    encoded = within(ANSWER_BYTES, [one.document if isinstance(one, Enriched) else None for one in outcomes])
    refused = [
        Refused(record["recordId"], content, outcome.reason, outcome.field)
        for record, content, outcome in zip(records, raw, outcomes, strict=True)
        if not isinstance(outcome, Enriched)
    ]
    refused += [
        Refused(record["recordId"], content, "The enriched record does not fit into Lambda's answer.")
        for record, content, outcome, line in zip(records, raw, outcomes, encoded, strict=True)
        if isinstance(outcome, Enriched) and line is None
    ]
    keep(event["invocationId"], refused)
    return {
        "records": [
            {"recordId": record["recordId"], "result": "Ok", "data": line}
            if line is not None
            else {"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]}
            for record, line in zip(records, encoded, strict=True)
        ]
    }


def within(limit: int, documents: list[dict[str, Any] | None]) -> list[str | None]:
    """Each document as base64, slimmed from the longest on while all together exceed the limit; None where it still
    does not fit, and for what was None."""
    encoded = [None if document is None else _encoded(document) for document in documents]
    total = sum(len(line) for line in encoded if line is not None)
    if total <= limit:
        return encoded
    longest = sorted(range(len(encoded)), key=lambda n: -len(encoded[n] or ""))
    for shrink in (slimmer, None):
        for n in longest:
            document, line = documents[n], encoded[n]
            if total > limit and document is not None and line is not None:
                encoded[n] = _encoded(shrink(document)) if shrink else None
                total -= len(line) - len(encoded[n] or "")
    return encoded


def keep(batch: str, refused: list[Refused]) -> None:
    """Put what was refused into quarantine. Should that fail, Firehose's own error prefix still gets each record."""
    if not refused:
        return
    for record in refused:
        logger.warning("record %s refused: %s", record.record_id, record.reason)
    try:
        quarantine().keep(batch, refused)
    except Exception:
        logger.exception("the quarantine cannot be written; the records are in the stream's error prefix")


def _encoded(document: dict[str, Any]) -> str:
    return base64.b64encode(to_line(document)).decode()
