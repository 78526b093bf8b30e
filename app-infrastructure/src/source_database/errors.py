"""Everything that can go wrong with the source database. Each error says what happened, where, and what to do.

SourceError
├── AddressUnknownError          nobody said where the database is
├── UnreachableError             no TCP connection, or the connection broke
├── LoginRefusedError            wrong user or password
├── TlsError                     the server speaks no TLS, or its certificate is not trusted
├── DatabaseMissingError         the server has no such database
├── RightsMissingError           the user may not do this
├── LoadRefusedError             loading would overwrite rows that are not ours to lose
├── LoadUnderWayError            another load, or a reader that does not let go
├── LoadMismatchError            what stands in the database is not what was sent
├── ArgumentError                the generator was asked for something that it cannot make
└── DumpError
    ├── NotADumpError            the file is no dump of classicmodels, or is cut
    ├── StatementRefusedError    a statement that a dump of tables has no business with
    └── StatementFailedError     the server refused a statement
"""

from __future__ import annotations


class SourceError(Exception):
    """Base of all errors here: `message` says what and where, `remedy` what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message, self.remedy = message, remedy


class AddressUnknownError(SourceError):
    """Nobody said where the source database is."""


class UnreachableError(SourceError):
    """No connection to the server, or it broke."""


class LoginRefusedError(SourceError):
    """The server refused user and password, also after the secret was read again."""


class TlsError(SourceError):
    """The connection cannot be encrypted to a server that we trust."""


class DatabaseMissingError(SourceError):
    """The server is there, the database is not."""


class RightsMissingError(SourceError):
    """The user lacks a right that this needs."""


class LoadRefusedError(SourceError):
    """The database holds rows that this tool did not put there."""


class LoadUnderWayError(SourceError):
    """Someone else loads, or holds the tables open."""


class LoadMismatchError(SourceError):
    """Counting afterwards gave another result than loading did."""


class ArgumentError(SourceError):
    """An argument outside of what makes sense."""


class DumpError(SourceError):
    """Base of what can be wrong with a dump; nothing of the old data has been touched."""


class NotADumpError(DumpError):
    """Not a dump of classicmodels, or a part of one."""


class StatementRefusedError(DumpError):
    """The dump holds a statement that is not about its own tables."""


class StatementFailedError(DumpError):
    """The server refused a statement of the dump."""
