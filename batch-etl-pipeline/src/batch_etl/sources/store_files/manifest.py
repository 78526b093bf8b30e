"""What the validator tells the job: the files of a run, and the contracts that hold for it.

runs/<run id>/files.json in the lake. The job reads by these contracts even if somebody changes one meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batch_etl.sources.store_files.arrivals import FileVersion
from batch_etl.sources.store_files.contract import Contract, contract_of
from batch_etl.sources.store_files.entries import FileRefused
from batch_etl.sources.store_files.outcome import FileOutcome

MANIFEST = "files"


@dataclass(frozen=True)
class Manifest:
    """`refused`: with the reasons that the validator has told the ledger already."""

    contracts: list[Contract]
    files: list[FileVersion]
    refused: list[FileOutcome]

    def to_json(self) -> dict[str, Any]:
        return {
            "contracts": [contract.to_json() for contract in self.contracts],
            "files": [file.to_json() for file in self.files],
            "refused": [
                {"file": outcome.file.to_json(), "reason": outcome.refusal.reason, "remedy": outcome.refusal.remedy}
                for outcome in self.refused
                if outcome.refusal is not None
            ],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Manifest:
        return cls(
            contracts=[contract_of(document, "the run's files.json") for document in content["contracts"]],
            files=[FileVersion.from_json(file) for file in content["files"]],
            refused=[
                FileOutcome(FileVersion.from_json(entry["file"]), refusal=FileRefused(entry["reason"], entry["remedy"]))
                for entry in content["refused"]
            ],
        )
