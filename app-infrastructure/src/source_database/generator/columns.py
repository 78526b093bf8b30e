"""Columns in Arrow: the types of each table, and exact money and time from integers."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

MICROS_PER_DAY = 86_400_000_000
_MONEY = pa.decimal128(10, 2)
_MOMENT = pa.timestamp("us", tz="UTC")

SCHEMAS: dict[str, pa.Schema] = {
    table: pa.schema([*columns.items(), ("updatedAt", _MOMENT)])
    for table, columns in {
        "offices": {
            name: pa.string()
            for name in "officeCode city phone addressLine1 addressLine2 state country postalCode territory".split()
        },
        "employees": {
            "employeeNumber": pa.int32(),
            "lastName": pa.string(),
            "firstName": pa.string(),
            "extension": pa.string(),
            "email": pa.string(),
            "officeCode": pa.string(),
            "reportsTo": pa.int32(),
            "jobTitle": pa.string(),
        },
        "productlines": {
            "productLine": pa.string(),
            "textDescription": pa.string(),
            "htmlDescription": pa.string(),
            "image": pa.binary(),
        },
        "products": {
            **{
                name: pa.string()
                for name in (
                    "productCode productName productLine productScale productVendor productDescription".split()
                )
            },
            "quantityInStock": pa.int16(),
            "buyPrice": _MONEY,
            "MSRP": _MONEY,
        },
        "customers": {
            "customerNumber": pa.int32(),
            **{
                name: pa.string()
                for name in (
                    "customerName contactLastName contactFirstName phone addressLine1 addressLine2 "
                    "city state postalCode country".split()
                )
            },
            "salesRepEmployeeNumber": pa.int32(),
            "creditLimit": _MONEY,
        },
        "orders": {
            "orderNumber": pa.int32(),
            "orderDate": pa.date32(),
            "requiredDate": pa.date32(),
            "shippedDate": pa.date32(),
            "status": pa.string(),
            "comments": pa.string(),
            "customerNumber": pa.int32(),
        },
        "orderdetails": {
            "orderNumber": pa.int32(),
            "productCode": pa.string(),
            "quantityOrdered": pa.int32(),
            "priceEach": _MONEY,
            "orderLineNumber": pa.int16(),
        },
        "payments": {
            "customerNumber": pa.int32(),
            "checkNumber": pa.string(),
            "paymentDate": pa.date32(),
            "amount": _MONEY,
        },
        "ratings": {
            "customerNumber": pa.int32(),
            "productCode": pa.string(),
            "productRating": pa.int8(),
            "ratedAt": pa.timestamp("us", tz="UTC"),
        },
    }.items()
}


def batch(table: str, **columns: Any) -> pa.RecordBatch:
    """A batch of a table in its schema; numpy arrays, lists and Arrow arrays alike."""
    schema = SCHEMAS[table]
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column, type=schema.field(name).type)
        for name, column in ((name, columns.pop(name)) for name in schema.names)
    ]
    assert not columns, f"{table} has no column {', '.join(columns)}"  # noqa: S101 - a slip of ours, not of a user
    return pa.RecordBatch.from_arrays(
        [array.cast(field.type) for array, field in zip(arrays, schema, strict=True)], schema=schema
    )


def money(cents: Ints, absent: Mask | None = None) -> pa.Array:
    """Whole cents as DECIMAL(10,2), exactly: its memory is a 128-bit integer of cents."""
    words = np.empty((len(cents), 2), dtype=np.int64)
    words[:, 0], words[:, 1] = cents, cents >> 63
    amounts = pa.Array.from_buffers(_MONEY, len(cents), [None, pa.py_buffer(words.tobytes())])
    if absent is None:
        return amounts
    return pa.compute.if_else(pa.array(absent), pa.scalar(None, _MONEY), amounts)


def days(first: date, offsets: Ints, absent: Mask | None = None) -> pa.Array:
    """Offsets in days from a first day as dates."""
    return pa.array((offsets + _days_of(first)).astype(np.int32), mask=absent).cast(pa.date32())


def moments(first: date, offsets: Ints, micros: Ints) -> pa.Array:
    """Offsets in days and microseconds of the day as UTC timestamps."""
    return pa.array((offsets + _days_of(first)) * MICROS_PER_DAY + micros, type=pa.int64()).cast(_MOMENT)


def chosen(texts: list[str] | list[str | None] | pa.Array, which: Ints, absent: Mask | None = None) -> pa.Array:
    """texts[which], null where absent."""
    values = texts if isinstance(texts, pa.Array) else pa.array(texts, type=pa.string())
    return values.take(pa.array(which, mask=absent))


def _days_of(first: date) -> int:
    return (first - date(1970, 1, 1)).days
