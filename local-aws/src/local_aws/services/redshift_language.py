"""What of Redshift's SQL local AWS answers: a list, so that nothing runs that Redshift would refuse or do otherwise.

sqlglot and Trino both understand more than Redshift does. A function that is not listed fails by name.
AWS: "Amazon Redshift Database Developer Guide", SQL reference.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from local_aws.services.redshift_schemas import StatementError, not_here

DIALECT = "redshift"
FUNCTIONS = frozenset(
    """
    ABS AVG BTRIM CAST CEIL CEILING CHARINDEX COALESCE COUNT DATE_PART DATE_TRUNC DATEADD DATEDIFF DECODE DENSE_RANK
    DEXP DLOG10 EXP EXTRACT FIRST_VALUE FLOOR GETDATE GREATEST LAG LAST_DAY LAST_VALUE LEAD LEAST LEFT LEN LENGTH
    LISTAGG LN LOWER LPAD LTRIM MAX MIN MOD NTILE NULLIF NVL NVL2 PERCENT_RANK CUME_DIST POSITION POWER RANK REPLACE
    REVERSE RIGHT ROUND ROW_NUMBER RPAD RTRIM SIGN SPLIT_PART SQRT STDDEV_POP STDDEV_SAMP STRPOS SUBSTRING SUM TO_CHAR
    TRIM TRUNC UPPER VAR_POP VAR_SAMP
    """.split()
)
# Words before a parenthesis that call nothing.
_SYNTAX = frozenset(
    """
    ALL AND ANY AS BETWEEN BY CASE CUBE DISTINCT ELSE EXCEPT EXISTS FILTER FROM GROUP HAVING IN INTERSECT JOIN LIKE
    MINUS NOT ON OR OVER QUALIFY ROLLUP SELECT SETS THEN UNION USING VALUES WHEN WHERE
    BPCHAR CHAR CHARACTER DECIMAL NCHAR NUMERIC NVARCHAR TIMESTAMP VARCHAR
    """.split()
)
_TYPES = frozenset(
    "BIGINT BOOLEAN CHAR DATE DECIMAL DOUBLE FLOAT INT INTERVAL NCHAR NVARCHAR SMALLINT TEXT TIMESTAMP TIMESTAMPTZ "
    "VARCHAR UNKNOWN".split()
)
_REFUSED: dict[type[exp.Expression], str] = {
    exp.Filter: 'syntax error at or near "FILTER"',
    exp.NullSafeEQ: 'syntax error at or near "DISTINCT"',
    exp.NullSafeNEQ: 'syntax error at or near "DISTINCT"',
    exp.Lambda: 'syntax error at or near "->"',
    exp.Lateral: 'syntax error at or near "LATERAL"',
    exp.TableSample: 'syntax error at or near "TABLESAMPLE"',
}
_ELSEWHERE: dict[type[exp.Expression], str] = {
    exp.Into: "SELECT INTO: Redshift's own tables need AWS",
    exp.Pivot: "PIVOT and UNPIVOT",
    exp.Bracket: "navigation of SUPER",
    exp.Unnest: "UNNEST",
    exp.Values: "VALUES as a table",
    exp.ApproxDistinct: "APPROXIMATE COUNT",
}
_AGGREGATES = (exp.Sum, exp.Avg, exp.Count, exp.Min, exp.Max, exp.FirstValue, exp.LastValue)


def read_query(sql: str) -> exp.Query:
    """The one query of `sql`. Raises StatementError when it is none, or uses what is not answered here."""
    statements = read(sql)
    if len(statements) != 1:
        raise StatementError("Multiple sql statements are not allowed. Use BatchExecuteStatement.")
    query = statements[0]
    if not isinstance(query, exp.Query):
        word = sql.split(None, 1)[0].upper()
        raise not_here(f"{word} statements: Redshift's own tables and everything that writes need AWS")
    _check_calls(sql)
    _check_nodes(query)
    return query


def read(sql: str) -> list[exp.Expression]:
    try:
        found = sqlglot.parse(sql, read=DIALECT)
    except SqlglotError as error:
        raise StatementError(_syntax_error(error)) from error
    statements = [statement for statement in found if statement is not None]
    if not statements:
        raise StatementError("syntax error at end of input")
    return statements


def _syntax_error(error: SqlglotError) -> str:
    """Redshift's wording; the place is sqlglot's."""
    details = getattr(error, "errors", None) or [{}]
    first = details[0]
    near, line, column = first.get("highlight"), first.get("line"), first.get("col")
    return f'syntax error at or near "{near}" (line {line}, column {column})' if near else f"syntax error: {error}"


def _check_calls(sql: str) -> None:
    tokens = sqlglot.tokenize(sql, read=DIALECT)
    for name in _called(tokens):
        if name.upper() not in FUNCTIONS:
            raise StatementError(f"function {name.lower()} does not exist, or local-aws does not emulate it")


def _called(tokens: list[Token]) -> Iterator[str]:
    """Names before a parenthesis, less those of a common table expression or an alias with its columns."""
    for place, token in enumerate(tokens[:-1]):
        if tokens[place + 1].token_type != TokenType.L_PAREN or not token.text.replace("_", "").isalnum():
            continue
        before = tokens[place - 1].token_type if place else None
        word = token.text.upper()
        if token.token_type in (TokenType.STRING, TokenType.NUMBER) or word in _SYNTAX:
            continue
        if before != TokenType.ALIAS and not _names_columns(tokens, place + 1):
            yield token.text


def _names_columns(tokens: list[Token], opening: int) -> bool:
    """Whether `(…)` is followed by AS (: the columns of a common table expression."""
    depth = 0
    for place in range(opening, len(tokens)):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(tokens[place].token_type, 0)
        if depth == 0:
            following = [token.token_type for token in tokens[place + 1 : place + 3]]
            return following == [TokenType.ALIAS, TokenType.L_PAREN]
    return False


def _check_nodes(query: exp.Query) -> None:
    for node in query.walk():
        if message := _REFUSED.get(type(node)):
            raise StatementError(message)
        if what := _ELSEWHERE.get(type(node)):
            raise not_here(what)
        if isinstance(node, exp.DataType) and node.this.name not in _TYPES:
            raise not_here(f"the type {node.this.name}")
        if isinstance(node, exp.Select) and node.args.get("windows"):
            raise StatementError('syntax error at or near "WINDOW"')
        if isinstance(node, exp.Window):
            _check_window(node)
        if isinstance(node, exp.Parameter) or (isinstance(node, exp.Placeholder) and not node.this):
            raise StatementError("parameters are named: write :name")


def _check_window(window: exp.Window) -> None:
    frame = window.args.get("spec")
    if frame and str(frame.args.get("kind")).upper() != "ROWS":
        raise StatementError("only ROWS window frames are supported")
    function = window.this.this if isinstance(window.this, exp.IgnoreNulls | exp.RespectNulls) else window.this
    if isinstance(function, exp.Count) and isinstance(function.this, exp.Distinct):
        raise StatementError("DISTINCT is not implemented for window functions")
    if isinstance(function, _AGGREGATES) and window.args.get("order") and not frame:
        raise StatementError("Aggregate window functions with an ORDER BY clause require a frame clause")
