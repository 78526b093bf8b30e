"""What can go wrong, as one tree. Every message names the thing, says what is wrong with it and what to do.

EtlError
├── OptionError              an argument of the job is missing or makes no sense
├── SourceError
│   ├── SourceUnreachable    no connection could be made
│   ├── SourceAccessDenied   the database refuses the user, also after reading the secret again
│   ├── SourceConnectionLost the database went away in the middle of the extract
│   ├── SourceTableMissing   a table of the contract is not there
│   ├── SourceColumnMissing  a column of the contract is not there
│   └── SourceTypeChanged    a column's type no longer fits the contract
├── ApiError                 (sources/api)
│   ├── ApiUnavailable       it did not answer as it should, however often it was asked
│   ├── ApiRefused           it does not let us in, or is not where we were told
│   ├── ApiCursorRefused     it no longer knows the cursor that it gave
│   └── ApiLies              its pages contradict one another, or are none
├── FeedError                (sources/feed)
│   ├── FeedEventRefused     an event that names no object of the feed, or asks for what makes no sense
│   ├── FeedObjectMissing    an object was told of and is not there
│   ├── FeedFailed           some objects of an event could not be taken in; the others were
│   ├── CatalogueUnavailable the shop names no products, and none are kept
│   ├── TotalsContended      too many writers at once on the totals of one day
│   └── CompactionMismatch   a compacted file does not hold what the small ones do, or the catalog refuses it
├── StagingError             local disk or S3 did not take the extract
├── ContractError            a declared contract of store files makes no sense
├── RowsUnaccounted          rows read are not good + duplicate + quarantined
├── RunStateMissing          a stage was started before the one it builds on
├── LockError
│   ├── LockHeld             another run or maintenance holds it
│   └── LockLost             ours was taken over, so nothing more may be written
├── AuditFailed              the new tables break an invariant; the old ones stay readable
├── WarehouseError           the warehouse was not loaded; what it had before stays readable
│   ├── WarehouseUnreachable no connection could be made, or it was lost during the load
│   ├── WarehouseAccessDenied the database refuses the user, also after reading the secret again
│   ├── WarehouseBusy        another load is under way
│   ├── WarehouseLayoutError lake and warehouse do not have the same tables and columns
│   └── WarehouseRefused     a constraint, or a type, refuses a row of the lake
├── SimulationError          `retail simulate` cannot go on
└── PublicationConflict      a table moved on under this run
"""

from __future__ import annotations


class EtlError(Exception):
    """Base of all; a job that ends in one is FAILED with this message."""


class OptionError(EtlError):
    """An argument of the job is missing or makes no sense."""

    def __init__(self, option: str, value: str | None, remedy: str) -> None:
        given = "is missing" if value is None else f"has the value {value!r}"
        super().__init__(f"--{option} {given}. {remedy}")


class SourceError(EtlError):
    """The source database cannot be read as agreed."""


class SourceUnreachable(SourceError):
    """No connection could be made."""


class SourceAccessDenied(SourceError):
    """The database refuses the user, also after the secret was read again."""


class SourceConnectionLost(SourceError):
    """The database went away in the middle of the extract; nothing of it was used."""


class SourceTableMissing(SourceError):
    """A table of the contract is not in the source; the dump may be partial."""


class SourceColumnMissing(SourceError):
    """A column of the contract is not in the source."""


class SourceTypeChanged(SourceError):
    """A column's type in the source no longer fits the contract."""


class ApiError(EtlError):
    """A REST API cannot be read as agreed."""


class ApiUnavailable(ApiError):
    """It did not answer as it should, however often it was asked; the next call goes on where this one stopped."""


class ApiRefused(ApiError):
    """It does not let us in, or is not where we were told."""


class ApiCursorRefused(ApiError):
    """It no longer knows the cursor that it gave."""


class ApiLies(ApiError):
    """Its pages contradict one another, or are none."""


class FeedError(EtlError):
    """The transaction feed cannot go on with something."""


class FeedEventRefused(FeedError):
    """An event that names no object of the feed, or asks for what makes no sense."""


class FeedObjectMissing(FeedError):
    """An object was told of and is not there."""


class FeedFailed(FeedError):
    """Some objects of an event could not be taken in; the others were, and to repeat the event does nothing there."""


class CatalogueUnavailable(FeedError):
    """The shop names no products, and none are kept."""


class TotalsContended(FeedError):
    """Too many writers at once on the totals of one day; the event is repeated."""


class CompactionMismatch(FeedError):
    """A compacted file does not hold what the small ones do, or the catalog refuses it; readers still see those."""


class StagingError(EtlError):
    """Local disk or S3 did not take the extract."""


class ContractError(EtlError):
    """A declared contract of store files makes no sense, or no longer fits its table."""


class RowsUnaccounted(EtlError):
    """Rows read are not the good, the duplicate and the quarantined ones together; nothing was published."""


class RunStateMissing(EtlError):
    """A stage was started before the one it builds on, or that one's traces are gone."""


class LockError(EtlError):
    """The right to write is somebody else's."""


class LockHeld(LockError):
    """Another run or maintenance holds the lock."""


class LockLost(LockError):
    """Our lock was taken over, so nothing more may be written."""


class AuditFailed(EtlError):
    """The new tables break an invariant; the old ones stay readable."""


class PublicationConflict(EtlError):
    """A table moved on under this run, so its branch no longer follows from it."""


class WarehouseError(EtlError):
    """The warehouse was not loaded; what it had before stays readable."""


class WarehouseUnreachable(WarehouseError):
    """No connection could be made, or it was lost during the load."""


class WarehouseAccessDenied(WarehouseError):
    """The database refuses the user, also after the secret was read again."""


class WarehouseBusy(WarehouseError):
    """Another load is under way."""


class WarehouseLayoutError(WarehouseError):
    """Lake and warehouse do not have the same tables and columns, or the lake has published nothing."""


class WarehouseRefused(WarehouseError):
    """A constraint, or a type, refuses a row of the lake."""


class SimulationError(EtlError):
    """`retail simulate` cannot go on: something it needs is not there, or does not answer."""
