"""Where Trino would answer the same words otherwise than Redshift: rewritten, by the types of the operands.

A node whose type is not known stays as it is; Trino then refuses what it cannot compare, and the statement fails.
AWS: "Computations with numeric values", "Date and time functions", "Aggregate functions" of the developer guide.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from local_aws.services.redshift_schemas import StatementError, not_here

_INTEGERS = exp.DataType.INTEGER_TYPES
_TEXT = exp.DataType.TEXT_TYPES
_UNITS = ("YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
_PARTS = (*_UNITS, "WEEK")
_WIDEST = 38
_COMPARED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)


def as_redshift_answers(query: exp.Expression) -> exp.Expression:
    """The query with every node rewritten whose meaning differs; `query` is annotated with types."""
    for node in list(query.walk(bfs=False)):
        for kind, rewrite in _REWRITES.items():
            if isinstance(node, kind):
                rewrite(node)
    return query


def kind_of(node: exp.Expression | None) -> exp.DataType | None:
    """The type of a node, when it is known."""
    found = node.type if node is not None else None
    unknown = found is None or found.this in (exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL)
    return None if unknown else found


def _is(node: exp.Expression | None, kinds: set[exp.DataType.Type] | frozenset[exp.DataType.Type]) -> bool:
    found = kind_of(node)
    return found is not None and found.this in kinds


def _wrap(node: exp.Expression, make: Callable[[exp.Expression], exp.Expression]) -> None:
    """Put `make(copy of node)` in the node's place; a window function is wrapped with its window."""
    whole = node.parent if isinstance(node.parent, exp.Window) and node.arg_key == "this" else node
    whole.replace(make(whole.copy()))


def _cast(node: exp.Expression, kind: str) -> exp.Expression:
    return exp.cast(node, exp.DataType.build(kind, dialect="trino"))


def _literals(node: exp.Expression) -> None:
    """A quoted value has no type until it meets one: Redshift takes that of the other side."""
    left, right = node.args.get("this"), node.args.get("expression")
    for literal, other in ((left, right), (right, left)):
        _settle(literal, other)


def _settle(literal: exp.Expression | None, other: exp.Expression | None) -> None:
    known = kind_of(other)
    if isinstance(literal, exp.Literal) and literal.is_string and known and known.this not in _TEXT:
        literal.replace(exp.cast(literal.copy(), known.copy()))


def _between(node: exp.Expression) -> None:
    for side in ("low", "high"):
        _settle(node.args[side], node.this)


def _in(node: exp.Expression) -> None:
    for literal in node.expressions:
        _settle(literal, node.this)


def _arithmetic_of_dates(node: exp.Expression) -> None:
    """date ± days is a date, date - date a number of days."""
    date = {exp.DataType.Type.DATE}
    if _is(node.this, date) and _is(node.expression, _INTEGERS):
        days = node.expression.copy() if isinstance(node, exp.Add) else exp.Neg(this=exp.paren(node.expression.copy()))
        node.replace(exp.func("DATE_ADD", exp.Literal.string("day"), days, node.this.copy(), dialect="presto"))
    elif isinstance(node, exp.Sub) and _is(node.this, date) and _is(node.expression, date):
        between = exp.Anonymous(
            this="DATE_DIFF", expressions=[exp.Literal.string("day"), node.expression.copy(), node.this.copy()]
        )
        node.replace(_cast(between, "integer"))


def _quotient(node: exp.Expression) -> None:
    """DECIMAL / DECIMAL has a scale of its own on Redshift, and Trino would round to the operands'."""
    shapes = [_shape(side) for side in (node.this, node.expression)]
    if shapes[0] is None or shapes[1] is None:
        return
    (p1, s1), (p2, s2) = shapes[0], shapes[1]
    scale = max(4, s1 + p2 - s2 + 1)
    precision = p1 - s1 + s2 + scale
    if precision > _WIDEST:
        scale, precision = max(_WIDEST + scale - precision, min(4, max(s1, s2))), _WIDEST
    node.set("this", _cast(node.this.copy(), f"decimal({_WIDEST}, {scale})"))
    _wrap(node, lambda whole: _cast(whole, f"decimal({precision}, {scale})"))


def _shape(node: exp.Expression) -> tuple[int, int] | None:
    """(precision, scale) of a DECIMAL that says them; NULLIF has its first operand's."""
    inner = node.this if isinstance(node, exp.Nullif | exp.Paren) else node
    found = kind_of(inner)
    if found is None or found.this != exp.DataType.Type.DECIMAL or len(found.expressions) != 2:
        return None
    precision, scale = (int(parameter.name) for parameter in found.expressions)
    return precision, scale


def _average(node: exp.Expression) -> None:
    if _is(node.this, _INTEGERS):
        _wrap(node, lambda whole: _cast(exp.Anonymous(this="TRUNCATE", expressions=[whole]), "bigint"))


def _sum(node: exp.Expression) -> None:
    if _is(node.this, {exp.DataType.Type.BIGINT}):
        node.set("this", _cast(node.this.copy(), f"decimal({_WIDEST}, 0)"))


def _truncated_time(node: exp.Expression) -> None:
    """DATE_TRUNC gives a timestamp, of a date too."""
    if _is(node.this, {exp.DataType.Type.DATE}):
        node.set("this", _cast(node.this.copy(), "timestamp"))


def _difference(node: exp.Expression) -> None:
    """DATEDIFF counts the borders crossed, not the whole units between."""
    unit = str(node.args["unit"].name).upper()
    if unit not in _UNITS:
        raise not_here(f"DATEDIFF in {unit.lower()}s")
    for side in ("this", "expression"):
        moment = _cast(node.args[side].copy(), "timestamp")
        node.set(side, exp.TimestampTrunc(this=moment, unit=exp.var(unit)))


def _extracted(node: exp.Expression) -> None:
    part = str(node.this.name).upper()
    if part not in _PARTS:
        raise not_here(f"the date part {part.lower()}")
    _as_integer(node)


def _as_integer(node: exp.Expression) -> None:
    _wrap(node, lambda whole: _cast(whole, "integer"))


def _now(node: exp.Expression) -> None:
    """GETDATE() and SYSDATE have no time zone."""
    _wrap(node, lambda whole: _cast(whole, "timestamp"))


def _extreme(node: exp.Expression) -> None:
    """GREATEST and LEAST pass over NULL; Trino's are NULL then."""
    values = [node.this, *node.expressions]
    kept = exp.Anonymous(
        this="FILTER",
        expressions=[
            exp.Array(expressions=[value.copy() for value in values]),
            exp.Lambda(this=exp.column("v").is_(exp.null()).not_(), expressions=[exp.to_identifier("v")]),
        ],
    )
    name = "ARRAY_MAX" if isinstance(node, exp.Greatest) else "ARRAY_MIN"
    node.replace(exp.Anonymous(this=name, expressions=[kept]))


def _truncated(node: exp.Expression) -> None:
    """TRUNC cuts a number; of a timestamp it leaves the date."""
    if _is(node.this, exp.DataType.TEMPORAL_TYPES):
        node.replace(_cast(node.this.copy(), "date"))
    elif kind_of(node.this) is None:
        raise StatementError("local-aws cannot tell the type of TRUNC's operand: cast it")


_REWRITES: dict[tuple[type[exp.Expression], ...], Callable[[exp.Expression], None]] = {
    _COMPARED: _literals,
    (exp.Between,): _between,
    (exp.In,): _in,
    (exp.Add, exp.Sub): _arithmetic_of_dates,
    (exp.Div,): _quotient,
    (exp.Avg,): _average,
    (exp.Sum,): _sum,
    (exp.TimestampTrunc, exp.DateTrunc): _truncated_time,
    (exp.TsOrDsDiff, exp.DateDiff): _difference,
    (exp.Extract,): _extracted,
    (exp.Length, exp.StrPosition): _as_integer,
    (exp.CurrentTimestamp,): _now,
    (exp.Greatest, exp.Least): _extreme,
    (exp.Trunc,): _truncated,
}
