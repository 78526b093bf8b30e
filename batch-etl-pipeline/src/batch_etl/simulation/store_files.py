"""The store files: dropped in the landing bucket, where they are seen to by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch_etl.simulation.book_files import ROWS, BookFile, book_file
from batch_etl.simulation.lake import Lake
from batch_etl.simulation.plan import Plan
from batch_etl.simulation.source import Figures, Sent
from batch_etl.sources.store_files.arrivals import PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SILVER = """
SELECT COUNT(*) AS "rows", COUNT(DISTINCT transaction_id) AS sales, SUM(price) AS amount
FROM {silver}.store_sales WHERE source_file LIKE '{folder}%'
"""
_GOLD = """
SELECT g.sales - o.sales AS sales, COALESCE(g.amount, 0) - COALESCE(o.amount, 0) AS amount
FROM (SELECT SUM(sales) AS sales, SUM(revenue) AS amount FROM {gold}.sales_by_genre) AS g
CROSS JOIN (
  SELECT COUNT(*) AS sales, SUM(price) AS amount FROM {silver}.store_sales WHERE source_file NOT LIKE '{folder}%'
) AS o
"""
_QUARANTINED = """
SELECT COUNT(*) AS "rows" FROM {bronze}.store_files_quarantine WHERE source_file LIKE '{folder}%'
"""


class StoreFiles:
    """Every day's last file is sent once more under another name: its rows must not count again."""

    name = "store files"
    marts: tuple[str, ...] = ("sales", "amount")

    def __init__(self, plan: Plan, lake: Lake, s3: S3Client, landing: str) -> None:
        self.plan, self.lake, self.s3, self.landing = plan, lake, s3, landing
        self.sent = Sent("rows")
        self.look_at = (
            f"the executions of the state machine {lake.project}-file-ingestion, and the table "
            f"{lake.project}-file-ledger, which says what became of every file"
        )

    @property
    def _folder(self) -> str:
        return f"{PREFIX}simulation/{self.plan.run}/"

    def drive(self, day: int) -> None:
        chance = self.plan.chance(self.name, day)
        file: BookFile | None = None
        for number in range(self.plan.files):
            file = book_file(f"{self.plan.run}-{day:03d}-{number:03d}", day + number, self.plan.bad(ROWS), chance)
            self._put(file.name, file.content)
            self.sent.add(rows=file.good, sales=file.good, amount=file.amount, bad=file.bad)
        if file is not None:
            self._put(file.name.replace(".", "-again."), file.content)
            self.sent.add(repeated=file.good, bad=file.bad)

    def _put(self, name: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.landing, Key=f"{self._folder}{name}", Body=content)

    def silver(self) -> Figures:
        return self.lake.figures(_SILVER, folder=self._folder)

    def gold(self) -> Figures:
        return self.lake.figures(_GOLD, folder=self._folder)

    def quarantined(self) -> int:
        return int(self.lake.figures(_QUARANTINED, folder=self._folder).get("rows", 0))
