"""Reading a statement far enough to know what Athena would do with it: tokens, never guesses about text inside them.

Queries go to Trino as they were written; only Athena's own statements and properties are taken apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from local_aws.wire import AwsError

_LEADING = re.compile(r"\A(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/|;)*", re.DOTALL)
QUERY_WORDS = frozenset({"SELECT", "WITH", "VALUES", "TABLE", "("})
UTILITY_WORDS = frozenset({"SHOW", "DESCRIBE", "DESC", "EXPLAIN"})
DML_WORDS = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "UNLOAD", "EXECUTE", "OPTIMIZE", "VACUUM"})
DDL_WORDS = frozenset({"CREATE", "DROP", "ALTER", "MSCK", "PREPARE", "DEALLOCATE", "ANALYZE"})
_OBJECTS = {"TABLE": "TABLE", "VIEW": "VIEW", "DATABASE": "DATABASE", "SCHEMA": "DATABASE"}

_SQL_QUOTES = r"""(?P<string>'(?:[^']|'')*') | (?P<double>"(?:[^"]|"")*")"""
_HIVE_QUOTES = r"""(?P<string>'(?:[^'\\]|\\.|'')*') | (?P<double>"(?:[^"\\]|\\.|"")*")"""  # with backslash escapes
_TOKENS = r"""\s+ | --[^\n]* | /\*.*?\*/
    | {quotes} | (?P<back>`(?:[^`]|``)*`)
    | (?P<word>[^\W\d][\w$@]*) | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?) | (?P<symbol>.)"""
_SQL = re.compile(_TOKENS.replace("{quotes}", _SQL_QUOTES), re.DOTALL | re.VERBOSE)
_HIVE = re.compile(_TOKENS.replace("{quotes}", _HIVE_QUOTES), re.DOTALL | re.VERBOSE)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([0-3][0-7]{2})|(.))", re.DOTALL)
_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "0": "\0", "Z": "\x1a"}


@dataclass(frozen=True)
class Token:
    """`text` is without quotes; `start` and `end` are the places of its first and last character."""

    kind: str  # "word", "number", "symbol", "string" or "name" (a quoted one)
    text: str
    start: int
    end: int

    def symbol(self, *wanted: str) -> bool:
        return self.kind == "symbol" and self.text in wanted


def tokenize(text: str, *, hive: bool = False) -> list[Token]:
    """Tokens without blanks and comments. In Hive's DDL "…" is a string, elsewhere a name."""
    found = []
    for match in (_HIVE if hive else _SQL).finditer(text):
        if match.lastgroup is None:
            continue
        kind, raw = match.lastgroup, match[0]
        if kind in ("string", "double", "back"):
            quote = raw[0]
            if len(raw) < 2:
                raise malformed(f"line 1:{match.start() + 1}: mismatched input '{quote}': a quote is not closed")
            raw = raw[1:-1].replace(quote * 2, quote)
            kind = "string" if kind == "string" or (kind == "double" and hive) else "name"
            raw = unescaped(raw) if hive and kind == "string" else raw
        elif raw in "'\"`":
            raise malformed(f"line 1:{match.start() + 1}: mismatched input '{raw}': a quote is not closed")
        found.append(Token(kind, raw, match.start(), match.end() - 1))
    return found


def unescaped(text: str) -> str:
    """Hive's escapes: \\t, \\001, \\u0001, \\\\, \\'."""

    def plain(match: re.Match[str]) -> str:
        code, octal, letter = match.groups()
        if code or octal:
            return chr(int(code, 16) if code else int(octal, 8))
        return _CONTROL.get(letter, letter)

    return _ESCAPE.sub(plain, text)


def nesting(token: Token) -> int:
    """+1 for an opening, -1 for a closing parenthesis or bracket."""
    return 1 if token.symbol("(", "[") else -1 if token.symbol(")", "]") else 0


@dataclass(frozen=True)
class Statement:
    """One statement; `words` are its tokens in upper case, names unquoted as `names` has them."""

    text: str

    @classmethod
    def read(cls, query: str) -> Statement:
        """Strip comments before, and the semicolon after. Raises AwsError as Athena does for what it cannot take."""
        statement = cls(_LEADING.sub("", query, count=1).rstrip())
        if statement.tokens and statement.tokens[-1].symbol(";"):
            statement = cls(statement.text[: statement.tokens[-1].start].rstrip())
        if not statement.text:
            raise malformed("line 1:1: mismatched input '<EOF>'. Expecting: a statement")
        if any(token.symbol(";") for token in statement.tokens):
            raise malformed("Only one sql statement is allowed. Got: " + query)
        known = QUERY_WORDS | UTILITY_WORDS | DML_WORDS | DDL_WORDS
        if statement.words[0] not in known:
            first = statement.tokens[0].text
            raise malformed(f"line 1:1: mismatched input '{first}'. Expecting: {', '.join(sorted(known - {'('}))}")
        if len(statement.words) == 1:
            raise unfinished(statement.text)
        return statement

    @cached_property
    def tokens(self) -> list[Token]:
        return tokenize(self.text, hive=self._is_hive)

    @cached_property
    def words(self) -> list[str]:
        return [token.text.upper() for token in self.tokens]

    @cached_property
    def _is_hive(self) -> bool:
        return bool(re.match(r"(create\s+external|alter|msck|show|describe|desc)\b", self.text, re.IGNORECASE)) or (
            bool(re.match(r"create\s+table\b", self.text, re.IGNORECASE)) and "`" in self.text
        )

    def starts(self, *words: str) -> bool:
        return self.words[: len(words)] == list(words)

    def find(self, *words: str, after: int = 0) -> int:
        """Index of the first token of a run of words outside parentheses; -1 when there is none."""
        depth = 0
        for index, token in enumerate(self.tokens):
            plain = token.kind == "word" and index >= after and depth == 0
            if plain and self.words[index : index + len(words)] == list(words):
                return index
            depth += nesting(token)
        return -1

    def text_from(self, index: int) -> str:
        return self.text[self.tokens[index].start :]

    def closing(self, opening: int) -> int:
        """The index of the parenthesis that closes the one at `opening`."""
        depth = 0
        for index in range(opening, len(self.tokens)):
            depth += nesting(self.tokens[index])
            if depth == 0:
                return index
        raise malformed("line 1:1: missing ')' at '<EOF>'")

    def inside(self, opening: int) -> str:
        """The text between the parenthesis at `opening` and its partner."""
        return self.text[self.tokens[opening].end + 1 : self.tokens[self.closing(opening)].start]

    def name_at(self, index: int, database: str) -> tuple[str, str, int]:
        """(database, table, next index) of a table's name; a catalog before it is passed over."""
        parts = [self.tokens[index].text]
        index += 1
        while index + 1 < len(self.tokens) and self.tokens[index].symbol("."):
            parts.append(self.tokens[index + 1].text)
            index += 2
        if len(parts) == 1 and self._is_hive:
            parts = parts[0].split(".")  # SHOW CREATE TABLE writes `database.table` as one name
        parts = [part.lower() for part in parts]
        return (parts[-2] if len(parts) > 1 else database), parts[-1], index

    def skip(self, index: int, *words: str) -> int:
        """The index after the optional words."""
        return index + len(words) if self.words[index : index + len(words)] == list(words) else index

    @property
    def kind(self) -> tuple[str, str]:
        """Athena's (StatementType, SubstatementType)."""
        first = self.words[0]
        if first in QUERY_WORDS:
            return "DML", "SELECT"
        if first in UTILITY_WORDS:
            return "UTILITY", "_".join(self.words[:2]) if first == "SHOW" else first
        if first == "CREATE" and self.is_ctas:
            return "DDL", "CREATE_TABLE_AS_SELECT"
        if first in DML_WORDS:
            return "DML", "INSERT_INTO" if first == "INSERT" else first
        of = next((_OBJECTS[word] for word in self.words[1:6] if word in _OBJECTS), "")
        return "DDL", {"MSCK": "MSCK_REPAIR_TABLE", "DEALLOCATE": "DEALLOCATE_PREPARE", "PREPARE": "PREPARE"}.get(
            first, f"{first}_{of}".rstrip("_")
        )

    @property
    def is_plain_sql(self) -> bool:
        """Whether Trino reads it as it stands."""
        plain = QUERY_WORDS | {"INSERT", "UPDATE", "DELETE", "MERGE", "EXPLAIN"}
        return self.words[0] in plain or self.is_ctas or (self.words[0] == "CREATE" and "VIEW" in self.words[1:4])

    @property
    def writes_data(self) -> bool:
        """Whether its answer is a count of rows, and files."""
        return self.is_ctas or (self.kind[0] == "DML" and self.kind[1] != "SELECT")

    @property
    def is_ctas(self) -> bool:
        """CREATE TABLE … AS query; STORED AS PARQUET is none."""
        at = self.find("AS") + 1 if self.starts("CREATE", "TABLE") else 0
        return at > 1 and self.words[at : at + 1] != [] and self.words[at] in QUERY_WORDS


def properties(text: str) -> dict[str, str]:
    """`name = value` pairs as Trino writes them in WITH (…): names in lower case, values verbatim, quotes included."""
    pairs: dict[str, str] = {}
    for part in parts_of(text):
        name, _, value = part.partition("=")
        pairs[name.strip().strip('"').lower()] = value.strip()
    return pairs


def parts_of(text: str) -> list[str]:
    """At commas outside parentheses, brackets and quotes."""
    parts, depth, start = [], 0, 0
    for token in tokenize(text):
        depth += nesting(token)
        if depth == 0 and token.symbol(","):
            parts.append(text[start : token.start].strip())
            start = token.end + 1
    rest = text[start:].strip()
    return [*parts, rest] if rest else parts


def unquoted(literal: str) -> str:
    return literal[1:-1].replace("''", "'") if literal.startswith("'") else literal


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def unfinished(text: str) -> AwsError:
    """The statement ends too early; the place is the one after its last character."""
    lines = text.splitlines()
    return malformed(f"line {len(lines)}:{len(lines[-1]) + 1}: mismatched input '<EOF>'. The statement is not complete")


def malformed(message: str) -> AwsError:
    return AwsError("InvalidRequestException", message)
