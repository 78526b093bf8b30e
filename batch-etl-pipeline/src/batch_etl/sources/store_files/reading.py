"""A whole file to rows of its contracts: whatever happens on the way, every record comes out, as row or as defect."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from batch_etl.sources.store_files.contract import Contract
from batch_etl.sources.store_files.entries import Block, Defect, FileRefused, Limits, Part, Row
from batch_etl.sources.store_files.opening import UNREADABLE, Content, parts_of

ROWS_PER_BATCH = 65_536
_SEND_AGAIN = "Send the whole file again: rows that have arrived count once."
_DAMAGED = (*UNREADABLE, zlib.error, UnicodeError, OSError)


@dataclass(frozen=True)
class Batch:
    """Rows of one part, as they came one by one or as a block, and the defects met between them."""

    contract: Contract
    part: str
    rows: list[Row] | Block
    defects: list[Defect]


def batches_of(
    content: Content, contracts: Sequence[Contract], limits: Limits, report: Callable[[str, Defect], None]
) -> Iterator[Batch]:
    """The file's rows, in batches. `report` is told of parts that could not be read while others could.

    Raises FileRefused when nothing of the file can be read.
    """
    possible = [contract for contract in contracts if contract.is_for(content.name)]
    known = {name for contract in possible for name in contract.places}
    refusals: list[FileRefused] = []
    read = 0
    for part in parts_of(content, known, limits):
        if isinstance(part, FileRefused):
            refusals.append(part)
            continue
        try:
            contract = contract_for(part, possible)
        except FileRefused as refusal:
            refusals.append(_in_part(part.name, refusal))
            continue
        for batch in _batches(contract, part):
            read += 1
            yield batch
    if not read:
        raise refusals[0] if refusals else _no_rows()
    for unread in refusals:
        report("", Defect(0, "", unread.reason, unread.remedy, "", rest=True))


def _no_rows() -> FileRefused:
    return FileRefused("the file has no rows", "Send a header and a line, row or object for each sale.")


def _in_part(name: str, refusal: FileRefused) -> FileRefused:
    return FileRefused(f"{name}: {refusal.reason}", refusal.remedy) if name else refusal


def contract_for(part: Part, contracts: Sequence[Contract]) -> Contract:
    """The contract whose required columns are all in the header; of several, the one that knows most of its names."""
    if not contracts:
        raise FileRefused("no contract is for files of this name", "Declare one under s3://<lake>/contracts/.")
    best = max(contracts, key=lambda contract: (not contract.lacking(part.header), contract.known(part.header)))
    if lacking := best.lacking(part.header):
        named = ", ".join(name[:40] for name in part.header[:12] if name) or "nothing"
        raise FileRefused(
            f"the header lacks {', '.join(lacking)} of contract {best.name}; it names {named}",
            "Begin with a header of the contract's names or aliases, columns apart by one of , ; | or tabs.",
        )
    if part.positional and (repeated := best.repeated(part.header)):
        raise FileRefused(f"the header has {', '.join(repeated)} twice", "Give each column a name of its own.")
    return best


def _batches(contract: Contract, part: Part, most: int = ROWS_PER_BATCH) -> Iterator[Batch]:
    """What breaks off reading becomes the last defect, so that nothing is lost in silence."""
    rows: list[Row] = []
    defects: list[Defect] = []
    line = 0
    try:
        for entry in part.rows(contract.places, len(contract.columns)):
            line = entry.line
            if isinstance(entry, Row):
                rows.append(entry)
            elif isinstance(entry, Defect):
                defects.append(entry)
            if (rows or defects) and (isinstance(entry, Block) or max(len(rows), len(defects)) >= most):
                yield Batch(contract, part.name, rows, defects)
                rows, defects = [], []
            if isinstance(entry, Block):
                yield Batch(contract, part.name, entry, [])
                line += len(entry.columns[0]) - 1
    except FileRefused as refusal:
        defects.append(_rest(line, refusal.reason, refusal.remedy))
    except _DAMAGED as problem:
        defects.append(_rest(line, f"the file is damaged ({type(problem).__name__})", _SEND_AGAIN))
    if rows or defects:
        yield Batch(contract, part.name, rows, defects)


def _rest(line: int, reason: str, remedy: str) -> Defect:
    return Defect(line + 1, "", f"the rest cannot be read: {reason}", remedy, "", rest=True)


def header_of(content: Content, contracts: Sequence[Contract], limits: Limits) -> Contract:
    """The contract of the first part that has one, from the file's beginning. Raises FileRefused."""
    possible = [contract for contract in contracts if contract.is_for(content.name)]
    known = {name for contract in possible for name in contract.places}
    refusal = _no_rows()
    for part in parts_of(content, known, limits):
        if isinstance(part, FileRefused):
            refusal = part
            continue
        try:
            contract = contract_for(part, possible)
        except FileRefused as reason:
            refusal = _in_part(part.name, reason)
            continue
        if next(_batches(contract, part, most=1), None) is None:
            refusal = _no_rows()
            continue
        return contract
    raise refusal
