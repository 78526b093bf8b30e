"""One call of retail-api-fetch: pages to the landing bucket until the last one, or until time is up.

The cursor moves only when its page is stored, so that a page is stored at least once whatever happens; readers take
what came twice once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from batch_etl.errors import ApiCursorRefused, ApiLies
from batch_etl.sources.api.client import ApiClient, Budget, NoPage, OutOfTime, Patience
from batch_etl.sources.api.cursor import CursorStore, WalkOvertaken
from batch_etl.sources.api.landing import Landing
from batch_etl.sources.api.page import Page, read_page
from batch_etl.sources.api.settings import SOURCE, ApiSettings
from batch_etl.sources.api.walk import Walk, next_walk

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient


@dataclass(frozen=True)
class AwsClients:
    s3: S3Client
    dynamodb: DynamoDBClient
    secrets: SecretsManagerClient


@dataclass
class FetchReport:
    """What a call did. `more`: call again, after `retry_after` seconds when the API asked for it."""

    walk: str
    kind: str
    pages: int = 0
    transactions: int = 0
    retries: int = 0
    more: bool = False
    retry_after: float = 0
    keys: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "walk": self.walk, "kind": self.kind, "pages": self.pages, "transactions": self.transactions,
            "retries": self.retries, "more": self.more, "retry_after": round(self.retry_after, 1),
            "first_key": self.keys[0] if self.keys else None, "last_key": self.keys[-1] if self.keys else None,
        }  # fmt: skip


def fetch(  # noqa: PLR0913 - the last three are for tests and for people
    settings: ApiSettings,
    aws: AwsClients,
    budget: Budget,
    *,
    full: bool = False,
    patience: Patience | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FetchReport:
    """Go on with the walk under way, or begin one. Raises an ApiError; what was stored until then stays."""
    known = CursorStore(aws.dynamodb, settings.cursor_table, SOURCE)
    walk = next_walk(known.load(), settings.endpoint.url, now(), settings.reread_hours, full)
    report = FetchReport(walk.id, walk.kind)
    client = ApiClient(settings.endpoint, aws.secrets, budget, patience or Patience())
    landing = Landing(aws.s3, settings.landing_bucket, settings.lake_bucket, SOURCE)
    fetcher = _Fetcher(settings, known, client, landing, report, now)
    try:
        fetcher.follow(walk)
    except OutOfTime as late:
        report.more, report.retry_after = True, late.wait
    except WalkOvertaken:
        report.more = True
    finally:
        report.retries = client.retries
        client.close()
    return report


@dataclass
class _Fetcher:
    settings: ApiSettings
    known: CursorStore
    client: ApiClient
    landing: Landing
    report: FetchReport
    now: Callable[[], datetime]
    _empty: int = 0

    def follow(self, walk: Walk) -> None:
        while not walk.finished:
            body, page = self._page(walk)
            moment = self.now()
            following = self._checked(walk, page, body, moment)
            self.report.keys.append(self.landing.store(walk, body, moment))
            walk = self.known.save(following)
            self.report.pages += 1
            self.report.transactions += page.transactions

    def _page(self, walk: Walk) -> tuple[bytes, Page]:
        try:
            return self.client.get(walk.cursor, lambda body: read_page(body, self.settings.fields))
        except ApiCursorRefused:
            self.known.save(replace(walk, broken=True))
            raise
        except NoPage as problem:
            # A proxy's error page may be gone at the next call, so the walk stays whole.
            raise self._refused(walk, problem.body, self.now(), str(problem)) from problem

    def _checked(self, walk: Walk, page: Page, body: bytes, moment: datetime) -> Walk:
        self._empty = 0 if page.transactions else self._empty + 1
        try:
            return walk.after(page, empty_before=self._empty)
        except ApiLies as lie:
            self.known.save(replace(walk, broken=True))
            raise self._refused(walk, body, moment, str(lie)) from lie

    def _refused(self, walk: Walk, body: bytes, moment: datetime, lie: str) -> ApiLies:
        place = self.landing.refuse(walk, body, moment, lie)
        return ApiLies(
            f"{lie} What came is kept at {place}. Ask the API's owner; the cursor did not move, and a walk that went "
            "in a circle begins again from the first page at the next call."
        )
