"""The medallion's tables: silver, one row a fact of its source, and the marts of gold. Names are snake_case."""

from __future__ import annotations

from pyspark.sql import types as t

from batch_etl.schemas import table

_ITEM = t.StructType([t.StructField(name, t.StringType()) for name in ("product_id", "quantity", "price")])
RECEIVED = t.StructType(
    [
        t.StructField("page", t.StringType()),
        t.StructField("position", t.IntegerType()),
        t.StructField("page_records", t.IntegerType()),
        t.StructField("read_at", t.StringType()),
        t.StructField("problem", t.StringType()),
        t.StructField("field", t.StringType()),
        *(
            t.StructField(name, t.StringType())
            for name in ("transaction_id", "store_id", "customer_id", "ts", "status", "total")
        ),
        t.StructField("items", t.ArrayType(_ITEM)),
    ]
)
"""Transactions as a page has them, every value as text; `problem` and `field` where there is none to be had."""

_BROWSED = t.StructType(
    [
        t.StructField("product_code", t.StringType()),
        t.StructField("quantity", t.LongType()),
        t.StructField("in_shopping_cart", t.BooleanType()),
    ]
)
EVENTS = t.StructType(
    [
        t.StructField("file", t.StringType()),
        t.StructField("position", t.IntegerType()),
        t.StructField("file_records", t.IntegerType()),
        t.StructField("problem", t.StringType()),
        t.StructField("event_id", t.StringType()),
        t.StructField("session_id", t.StringType()),
        t.StructField("customer_number", t.LongType()),
        t.StructField("event_time", t.TimestampType()),
        t.StructField("browse_history", t.ArrayType(_BROWSED)),
    ]
)
"""Browse events as Firehose archived them; `problem` in the one row of a file that cannot be read."""

TRANSACTION_ITEMS = table("""
    transaction_id  STRING
    store_id        STRING
    ts              TIMESTAMP
    item_number     INT
    product_id      STRING
    quantity        INT
    price           DECIMAL(10,2)
    amount          DECIMAL(21,2)
    customer_id     STRING
    status          STRING
    read_at         TIMESTAMP
    version         STRING
""")
"""One row an item of a transaction as it was last read; `version` is the same for the same content."""

CLICKS = table("""
    session_id        STRING
    product_id        STRING
    first_viewed_at   TIMESTAMP
    last_viewed_at    TIMESTAMP
    last_event_id     STRING
    quantity          BIGINT
    in_shopping_cart  BOOLEAN
    was_in_cart       BOOLEAN
""")
"""One row a product of a session; quantity and in_shopping_cart as the last event that names it has them."""

SESSIONS = table("""
    session_id   STRING
    customer_id  STRING
    started_at   TIMESTAMP
    ended_at     TIMESTAMP
""")
"""One row a session: its customer if it had one, its first and its last event."""

SOURCE_FILES = table("""
    source      STRING
    file        STRING
    etag        STRING
    read        BIGINT
    good        BIGINT
    bad         BIGINT
    duplicates  BIGINT
    run_id      STRING
    taken_at    TIMESTAMP
""")
"""One row a file that silver has taken in. read = good + bad + duplicates."""

STORE_DAILY_SALES = table("""
    date                    DATE
    store_id                STRING
    total_sales             DECIMAL(21,2)
    total_transactions      BIGINT
    total_units             BIGINT
    cancelled_sales         DECIMAL(21,2)
    cancelled_transactions  BIGINT
""")
STORE_PRODUCT_PERFORMANCE = table("""
    store_id            STRING
    product_id          STRING
    total_sales         DECIMAL(21,2)
    total_transactions  BIGINT
    total_units         BIGINT
    cancelled_sales     DECIMAL(21,2)
    cancelled_units     BIGINT
    first_sold_on       DATE
    last_sold_on        DATE
""")
CONVERSION_FUNNEL = table("""
    date             DATE
    sessions         BIGINT
    viewed           BIGINT
    cart             BIGINT
    ordered          BIGINT
    orders           BIGINT
    sales            DECIMAL(21,2)
    conversion_rate  DECIMAL(7,4)
""")
MARTS = {
    "store_daily_sales": STORE_DAILY_SALES,
    "store_product_performance": STORE_PRODUCT_PERFORMANCE,
    "conversion_funnel": CONVERSION_FUNNEL,
}
GRAIN = {
    "store_daily_sales": ("date", "store_id"),
    "store_product_performance": ("store_id", "product_id"),
    "conversion_funnel": ("date",),
}
ITEM_KEY = ("store_id", "transaction_id", "item_number")
CLICK_KEY = ("session_id", "product_id")
JOURNAL = "medallion_publications"
"""Beside the star's journal, whose readers take its last row for the star's."""
