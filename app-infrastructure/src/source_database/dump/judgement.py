"""Which statements of a dump are executed, left out, or refused: by what is allowed, not by what is known to be bad."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from source_database.dump.splitter import Statement
from source_database.errors import StatementRefusedError


class Action(Enum):
    EXECUTE = "execute"
    LEAVE_OUT = "leave out"  # the loader does it, or it concerns another server


@dataclass(frozen=True)
class Judgement:
    """`table` is what the statement creates or inserts into; `database` what it creates, drops or uses."""

    action: Action
    verb: str
    table: str | None = None
    database: str | None = None


HEAD = 65536
_NAME = r"(?:`(?P<quoted>[^`]+)`|(?P<plain>[\w$]+))"
# One pattern, so that whichever opens first wins: a quote inside a comment is no string, nor the other way round.
_TOKEN = re.compile(
    r"(?P<string>'[^'\\]*(?:\\.[^'\\]*)*'|\"[^\"\\]*(?:\\.[^\"\\]*)*\")"
    r"|(?P<name>`[^`]*`)"
    r"|/\*M?!\d*(?P<versioned>.*?)\*/"
    r"|/\*.*?\*/|--\s[^\n]*|\#[^\n]*",
    re.DOTALL,
)
_QUALIFIED = re.compile(r"(?:`(?P<quoted>[^`]+)`|\b(?P<plain>[A-Za-z_$][\w$]*))\s*\.\s*[`A-Za-z_$]")
_ROWS = re.compile(r"\bVALUES?\b", re.IGNORECASE)
_DATABASE = re.compile(
    rf"(?P<verb>CREATE|DROP)\s+(?:DATABASE|SCHEMA)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s*)?{_NAME}", re.IGNORECASE
)
_USE = re.compile(rf"USE\s+{_NAME}", re.IGNORECASE)
_TABLE = re.compile(rf"(?P<verb>CREATE)\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s*)?{_NAME}\s*\(", re.IGNORECASE)
_INSERT = re.compile(rf"(?P<verb>INSERT|REPLACE)\s+(?:IGNORE\s+)?(?:INTO\s+)?{_NAME}", re.IGNORECASE)
_OTHERS = re.compile(r"(?:DROP\s+TABLE|ALTER\s+TABLE|CREATE\s+(?:UNIQUE\s+)?INDEX)\b", re.IGNORECASE)
_LEFT_OUT = re.compile(
    r"(?:(?:UN)?LOCK\s+TABLES?|START\s+TRANSACTION|BEGIN|COMMIT)\b|SET\s+.*(?:GTID_PURGED|SQL_LOG_BIN)",
    re.IGNORECASE | re.DOTALL,
)
_SESSION = re.compile(r"SET\s+(?!(?:GLOBAL|PERSIST|PASSWORD|ROLE|DEFAULT\s+ROLE|@@GLOBAL|@@PERSIST)\b)", re.IGNORECASE)
_SERVER_WIDE = re.compile(r"[,\s](?:GLOBAL\s|PERSIST\s|@@(?:GLOBAL|PERSIST)\w*\s*\.)", re.IGNORECASE)


def judge(statement: Statement) -> Judgement:
    """Say what to do with a statement; raises StatementRefusedError by name for what no dump of tables needs."""
    text = skeleton(statement.text)
    if not text:
        return Judgement(Action.LEAVE_OUT, "comment")
    if named := _DATABASE.match(text) or _USE.match(text):
        verb = text.split(maxsplit=1)[0].upper()
        return Judgement(Action.LEAVE_OUT, f"{verb} DATABASE" if verb != "USE" else verb, database=_name(named))
    if _LEFT_OUT.match(text):
        return Judgement(Action.LEAVE_OUT, text.split(maxsplit=1)[0].upper())
    if _SESSION.match(text) and not _SERVER_WIDE.search(text):
        return Judgement(Action.EXECUTE, "SET")
    return _about_tables(statement, text)


def skeleton(text: bytes) -> str:
    """The statement without rows, strings and comments: what is left are its verbs and names."""
    inserts = text[:7].upper() in (b"INSERT ", b"REPLACE", b"INSERT\t", b"INSERT\n")
    head = text[:HEAD] if inserts else text  # rows may be millions, and are no names
    bare = _TOKEN.sub(_bare, head.decode("utf-8", "replace")).strip()
    rows = _ROWS.search(bare) if inserts else None
    return bare[: rows.end()] if rows else bare


def _bare(token: re.Match[str]) -> str:
    if token["versioned"] is not None:
        return f" {_TOKEN.sub(_bare, token['versioned'])} "
    if token["string"]:
        return "''"
    return token["name"] or " "


def _about_tables(statement: Statement, text: str) -> Judgement:
    if qualified := _QUALIFIED.search(text):
        raise _refused(
            statement,
            f"names the database {_name(qualified)}",
            "Dump the tables of one database, unqualified: mysqldump classicmodels > dump.sql",
        )
    insert = _INSERT.match(text)
    if insert and _ROWS.search(text) and not re.search(r"\bSELECT\b", text, re.IGNORECASE):
        return Judgement(Action.EXECUTE, insert["verb"].upper(), table=_name(insert))
    if (create := _TABLE.match(text)) and not re.search(r"\bSELECT\b", text, re.IGNORECASE):
        return Judgement(Action.EXECUTE, "CREATE TABLE", table=_name(create))
    if _OTHERS.match(text) and not re.search(r"\b(?:TRIGGER|RENAME|DIRECTORY)\b", text, re.IGNORECASE):
        return Judgement(Action.EXECUTE, " ".join(text.split()[:2]).upper())
    raise _refused(
        statement, "is not about tables and their rows", "Take it out, or dump without routines, triggers and grants."
    )


def _refused(statement: Statement, why: str, remedy: str) -> StatementRefusedError:
    return StatementRefusedError(f"Line {statement.line}: “{statement.start}” {why}; nothing has been changed.", remedy)


def _name(found: re.Match[str]) -> str:
    return found["quoted"] or found["plain"]
