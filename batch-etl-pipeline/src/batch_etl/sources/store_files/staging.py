"""The files of a run, read one after another: good rows to Parquet, bad ones and unreadable files to quarantine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from batch_etl.errors import StagingError
from batch_etl.sources.store_files.arrivals import GONE, FileVersion, version_argument
from batch_etl.sources.store_files.contract import Contract
from batch_etl.sources.store_files.entries import Defect, FileRefused, Limits
from batch_etl.sources.store_files.opening import Content
from batch_etl.sources.store_files.outcome import FileOutcome
from batch_etl.sources.store_files.quarantine import Quarantine, QuarantinedRows
from batch_etl.sources.store_files.reading import Batch, batches_of
from batch_etl.sources.store_files.staged_rows import StagedRows
from batch_etl.sources.store_files.typed_rows import typed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_Defects = Callable[[str, Defect], None]


@dataclass
class FileStager:
    """Reads files by their contracts in the memory of one batch; `folder` takes the file that is being read."""

    s3: S3Client
    landing_bucket: str
    lake_bucket: str
    run_id: str
    contracts: Sequence[Contract]
    folder: Path
    limits: Limits = field(default_factory=Limits)
    staged: dict[str, StagedRows] = field(default_factory=dict)

    def stage(self, files: Sequence[FileVersion]) -> list[FileOutcome]:
        """Read all of them, in the order of their arrival. Raises StagingError when disk or S3 fail."""
        quarantine = Quarantine(self.s3, self.lake_bucket, self.run_id)
        with _explained(), quarantine.rows("read") as bad:
            outcomes = [self._stage_one(file, quarantine, bad) for file in files]
            for rows in self.staged.values():
                rows.finish()
        return outcomes

    def _stage_one(self, file: FileVersion, quarantine: Quarantine, bad: QuarantinedRows) -> FileOutcome:
        outcome = FileOutcome(file)
        rest = False

        def defect(part: str, found: Defect) -> None:
            nonlocal rest
            outcome.read += 1
            outcome.found_bad(found)
            bad.write(file, part, found)
            rest = rest or found.rest

        local = self.folder / "arrived"
        try:
            outcome.content_hash = self._download(file, local)
            content = Content(file.name, lambda: local.open("rb"), local.stat().st_size)
            for batch in batches_of(content, self.contracts, self.limits, defect):
                self._take(batch, outcome, defect)
        except FileRefused as refusal:
            outcome.refusal = refusal
        finally:
            local.unlink(missing_ok=True)
        if rest or outcome.refusal is not None:
            quarantine.keep(file, self.landing_bucket)
        return outcome

    def _take(self, batch: Batch, outcome: FileOutcome, defect: _Defects) -> None:
        outcome.contract = batch.contract.name
        checked = typed(batch.rows, batch.contract)
        outcome.read += checked.good.num_rows
        self._rows_of(batch.contract).write(checked.good, outcome.file, batch.part)
        for found in sorted([*batch.defects, *checked.defects]):
            defect(batch.part, found)

    def _rows_of(self, contract: Contract) -> StagedRows:
        if contract.name not in self.staged:
            self.staged[contract.name] = StagedRows(self.s3, self.lake_bucket, self.run_id, contract, self.folder)
        return self.staged[contract.name]

    def _download(self, file: FileVersion, local: Path) -> str:
        """The version that arrived, whatever its key holds by now; returns the SHA-256 of its content."""
        place = (self.landing_bucket, file.key, str(local))
        try:
            self.s3.download_file(*place, ExtraArgs=version_argument(file))  # in ranges, several at once
        except ClientError as problem:
            if problem.response["Error"]["Code"] in GONE:
                raise FileRefused("the file was deleted before it was read", "Send it again.") from problem
            raise
        with local.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (Boto3Error, BotoCoreError, ClientError) as problem:
        raise StagingError(
            f"Staging store files on S3 failed: {problem}. Check the job role's rights, then `retail replay-files`."
        ) from problem
    except OSError as problem:
        raise StagingError(
            f"Staging store files failed on the local disk: {problem}. Free space, then `retail replay-files`."
        ) from problem


@contextmanager
def scratch() -> Iterator[Path]:
    with TemporaryDirectory(prefix="store-files-") as folder:
        yield Path(folder)
