"""Stored API pages to a table of items, as a plain pandas script does it: in one process, everything in memory."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

_SCHEMA = pa.schema(
    [
        ("transaction_id", pa.string()), ("ts", pa.timestamp("us", tz="UTC")), ("item_number", pa.int32()),
        ("product_id", pa.string()), ("quantity", pa.int32()), ("price", pa.decimal128(10, 2)),
        ("amount", pa.decimal128(21, 2)), ("customer_id", pa.string()), ("status", pa.string()),
    ]
)  # fmt: skip


def build_with_pandas(pages: Path, target: Path) -> None:
    """Explode, cleanse, keep the last reading of each transaction; money is exact, as ours."""
    orders = []
    for page in sorted(pages.iterdir()):
        envelope = json.loads(page.read_bytes())
        found = json.loads(envelope["body"], parse_float=str)["transactions"]
        orders += [order | {"read_at": envelope["fetched_at"]} for order in found]
    frame = pd.DataFrame(orders)
    frame = frame[frame["order_number"].notna() & frame["order_date"].notna() & (frame["items"].str.len() > 0)]
    frame = frame.sort_values("read_at", kind="stable").drop_duplicates("order_number", keep="last")
    items = frame.explode("items")
    items["item_number"] = items.groupby("order_number").cumcount() + 1
    details = pd.DataFrame(items["items"].tolist(), index=items.index)
    price = details["price"].map(Decimal)
    quantity = pd.to_numeric(details["quantity"])
    table = pd.DataFrame(
        {
            "transaction_id": items["order_number"].astype(str),
            "ts": pd.to_datetime(items["order_date"], utc=True),
            "item_number": items["item_number"],
            "product_id": details["product_code"],
            "quantity": quantity,
            "price": price,
            "amount": price * quantity,
            "customer_id": items["customer_number"].astype(str),
            "status": items["status"],
        }
    )
    table = table[(quantity > 0) & (price >= 0)]
    pq.write_table(
        pa.Table.from_pandas(table, schema=_SCHEMA, preserve_index=False),
        target / "items.parquet",
        compression="snappy",
    )
