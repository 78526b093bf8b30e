"""The state machine's first step: which of the files can be loaded, before a job is started for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from batch_etl.lake.run_folder import RunFolder
from batch_etl.sources.store_files.arrivals import PREFIX, FileVersion, once, resolve
from batch_etl.sources.store_files.contract import Contract
from batch_etl.sources.store_files.contracts_at import contracts
from batch_etl.sources.store_files.entries import FileRefused, Limits
from batch_etl.sources.store_files.ledger import Ledger, Status
from batch_etl.sources.store_files.manifest import MANIFEST, Manifest
from batch_etl.sources.store_files.opening import Content
from batch_etl.sources.store_files.outcome import FileOutcome, counts, reasons, subject
from batch_etl.sources.store_files.quarantine import Quarantine
from batch_etl.sources.store_files.reading import header_of
from batch_etl.sources.store_files.s3_file import open_head, open_object

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_AT_ONCE = 16
_LIMITS = Limits(workbook=256 * 2**20, scan=2**20)
_PACKED = {".gz", ".zip", ".xlsx", ".xlsm"}


@dataclass(frozen=True)
class Validator:
    """`machine` is the state machine's name, for what people are told."""

    s3: S3Client
    ledger: Ledger
    landing_bucket: str
    lake_bucket: str
    machine: str

    def validate(self, run_id: str, named: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Claim the named files for the run and look into each: {accepted, refused, skipped}.

        Skipped are those that another run has, or that are gone. Doing it again under one run id changes nothing.
        Raises ContractError when a declared contract makes no sense: then no file is judged by the others.
        """
        known = contracts(self.s3, self.lake_bucket)
        claim = partial(self.ledger.claim, run_id=run_id)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            arrived = once(pool.map(self._arrived, named))
            claimed = [file for file, ours in zip(arrived, pool.map(claim, arrived), strict=True) if ours]
            outcomes = list(pool.map(partial(self._judged, known), claimed))
            refused = [outcome for outcome in outcomes if outcome.refusal is not None]
            list(pool.map(partial(self._refuse, run_id), refused))
        accepted = [outcome.file for outcome in outcomes if outcome.refusal is None]
        folder = RunFolder(self.s3, self.lake_bucket, run_id)
        folder.write(MANIFEST, Manifest(known, accepted, refused).to_json())
        if refused and not accepted:
            found = counts(refused)
            report = {"run_id": run_id, "status": "REFUSED", "subject": subject(self.machine, found)}
            folder.write("report", report | {"counts": found, "reasons": reasons(refused), "published": []})
        return {"accepted": len(accepted), "refused": len(refused), "skipped": len(named) - len(outcomes)}

    def _arrived(self, named: Mapping[str, Any]) -> FileVersion | None:
        """`named`: what the intake sent, or a key and perhaps a version that a person gave."""
        key = str(named["key"])
        if not key.startswith(PREFIX):
            return None
        version, arrived = str(named.get("version") or ""), str(named.get("arrived") or "")
        file = resolve(self.s3, self.landing_bucket, key, version, arrived)
        if file is not None:
            self.ledger.register(file)
        return file

    def _judged(self, known: Sequence[Contract], file: FileVersion) -> FileOutcome:
        # A packed file's directory may stand at its end; of a text the head is enough.
        packed = PurePosixPath(file.name.lower()).suffix in _PACKED
        look = open_object if packed else open_head
        content = Content(file.name, lambda: look(self.s3, self.landing_bucket, file), file.size)
        try:
            header_of(content, known, _LIMITS)
        except FileRefused as refusal:
            return FileOutcome(file, refusal=refusal)
        return FileOutcome(file)

    def _refuse(self, run_id: str, outcome: FileOutcome) -> None:
        Quarantine(self.s3, self.lake_bucket, run_id).keep(outcome.file, self.landing_bucket)
        self.ledger.finish(outcome.file, run_id, Status.REFUSED, outcome.facts())
