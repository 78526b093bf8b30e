"""Every table of the lake as a contract: names, order and types of its columns.

A transform ends in a `select` of these fields; the dashboard and the queries read them. Columns keep the names of
their source. The catalog and Athena show them in lower case. Money is DECIMAL; timestamps are UTC.
"""

from __future__ import annotations

import re

from pyspark.sql import types as t

_SIMPLE: dict[str, t.DataType] = {
    "INT": t.IntegerType(),
    "BIGINT": t.LongType(),
    "DOUBLE": t.DoubleType(),
    "STRING": t.StringType(),
    "BINARY": t.BinaryType(),
    "BOOLEAN": t.BooleanType(),
    "DATE": t.DateType(),
    "TIMESTAMP": t.TimestampType(),
    "MAP<STRING,BIGINT>": t.MapType(t.StringType(), t.LongType()),
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def data_type(name: str) -> t.DataType:
    """The Spark type of a SQL name such as `INT` or `DECIMAL(10,2)`."""
    decimal = _DECIMAL.fullmatch(name)
    return t.DecimalType(int(decimal[1]), int(decimal[2])) if decimal else _SIMPLE[name]


def table(columns: str) -> t.StructType:
    """A schema from one `name TYPE` a line. All are nullable: what must not be null is a check, which can say why."""
    fields = [line.split() for line in columns.strip().splitlines()]
    return t.StructType([t.StructField(name, data_type(kind)) for name, kind in fields])


# --- Bronze: the source's tables as they are -------------------------------------------------------------------------

CUSTOMERS = table("""
    customerNumber          INT
    customerName            STRING
    contactLastName         STRING
    contactFirstName        STRING
    phone                   STRING
    addressLine1            STRING
    addressLine2            STRING
    city                    STRING
    state                   STRING
    postalCode              STRING
    country                 STRING
    salesRepEmployeeNumber  INT
    creditLimit             DECIMAL(10,2)
""")

ORDERS = table("""
    orderNumber     INT
    orderDate       DATE
    requiredDate    DATE
    shippedDate     DATE
    status          STRING
    comments        STRING
    customerNumber  INT
""")

ORDERDETAILS = table("""
    orderNumber      INT
    productCode      STRING
    quantityOrdered  INT
    priceEach        DECIMAL(10,2)
    orderLineNumber  INT
""")

PRODUCTS = table("""
    productCode         STRING
    productName         STRING
    productLine         STRING
    productScale        STRING
    productVendor       STRING
    productDescription  STRING
    quantityInStock     INT
    buyPrice            DECIMAL(10,2)
    MSRP                DECIMAL(10,2)
""")

PRODUCTLINES = table("""
    productLine      STRING
    textDescription  STRING
    htmlDescription  STRING
    image            BINARY
""")

EMPLOYEES = table("""
    employeeNumber  INT
    lastName        STRING
    firstName       STRING
    extension       STRING
    email           STRING
    officeCode      STRING
    reportsTo       INT
    jobTitle        STRING
""")

OFFICES = table("""
    officeCode    STRING
    city          STRING
    phone         STRING
    addressLine1  STRING
    addressLine2  STRING
    state         STRING
    country       STRING
    postalCode    STRING
    territory     STRING
""")

PAYMENTS = table("""
    customerNumber  INT
    checkNumber     STRING
    paymentDate     DATE
    amount          DECIMAL(10,2)
""")

RATINGS = table("""
    customerNumber  INT
    productCode     STRING
    productRating   INT
    ratedAt         TIMESTAMP
""")

SOURCE_TABLES: dict[str, t.StructType] = {
    "customers": CUSTOMERS,
    "orders": ORDERS,
    "orderdetails": ORDERDETAILS,
    "products": PRODUCTS,
    "productlines": PRODUCTLINES,
    "employees": EMPLOYEES,
    "offices": OFFICES,
    "payments": PAYMENTS,
    "ratings": RATINGS,
}
"""The mirrors in <project>_bronze; columns that the source has beyond these are carried along."""

OPTIONAL_SOURCE_TABLES = frozenset({"ratings"})
"""Absent from the well-known dump; the mirror is then simply not made."""

QUARANTINE = table("""
    runId          STRING
    tableName      STRING
    reason         STRING
    field          STRING
    remedy         STRING
    record         STRING
    quarantinedAt  TIMESTAMP
""")

REJECTED_ROWS = t.StructType([field for field in QUARANTINE if field.name not in ("runId", "quarantinedAt")])
"""What a rule says of a row, before the run that found it writes it down."""

# --- Gold: the star schema -------------------------------------------------------------------------------------------

FACT_ORDERS = table("""
    orderNumber      INT
    orderLineNumber  INT
    customerNumber   INT
    productCode      STRING
    locationKey      BIGINT
    postalCode       STRING
    orderDate        DATE
    requiredDate     DATE
    shippedDate      DATE
    status           STRING
    comments         STRING
    quantityOrdered  INT
    priceEach        DECIMAL(10,2)
    orderAmount      DECIMAL(21,2)
    buyPrice         DECIMAL(10,2)
    MSRP             DECIMAL(10,2)
""")

DIM_CUSTOMERS = table("""
    customerNumber          INT
    customerName            STRING
    contactName             STRING
    contactLastName         STRING
    contactFirstName        STRING
    phone                   STRING
    addressLine1            STRING
    addressLine2            STRING
    locationKey             BIGINT
    postalCode              STRING
    city                    STRING
    state                   STRING
    country                 STRING
    salesRepEmployeeNumber  INT
    creditLimit             DECIMAL(10,2)
""")

DIM_PRODUCTS = table("""
    productCode             STRING
    productName             STRING
    productLine             STRING
    productScale            STRING
    productVendor           STRING
    productDescription      STRING
    productLineDescription  STRING
    quantityInStock         INT
    buyPrice                DECIMAL(10,2)
    MSRP                    DECIMAL(10,2)
""")

DIM_LOCATIONS = table("""
    locationKey  BIGINT
    postalCode   STRING
    city         STRING
    state        STRING
    country      STRING
""")

DIM_DATES = table("""
    dateKey     DATE
    year        INT
    quarter     INT
    month       INT
    monthName   STRING
    dayOfMonth  INT
    dayOfWeek   INT
    dayName     STRING
    isWeekend   BOOLEAN
    yearMonth   STRING
""")

DAILY_SALES = table("""
    orderDate         DATE
    productLine       STRING
    country           STRING
    orders            BIGINT
    orderLines        BIGINT
    quantity          BIGINT
    revenue           DECIMAL(21,2)
    cost              DECIMAL(21,2)
    margin            DECIMAL(21,2)
    cancelledRevenue  DECIMAL(21,2)
""")

PRODUCT_PERFORMANCE = table("""
    productCode        STRING
    productName        STRING
    productLine        STRING
    productVendor      STRING
    orders             BIGINT
    customers          BIGINT
    quantity           BIGINT
    revenue            DECIMAL(21,2)
    cost               DECIMAL(21,2)
    margin             DECIMAL(21,2)
    cancelledQuantity  BIGINT
    cancelledRevenue   DECIMAL(21,2)
    quantityInStock    INT
    firstOrderDate     DATE
    lastOrderDate      DATE
""")

DIMENSIONS: dict[str, t.StructType] = {
    "dim_customers": DIM_CUSTOMERS,
    "dim_products": DIM_PRODUCTS,
    "dim_locations": DIM_LOCATIONS,
    "dim_dates": DIM_DATES,
}
FACTS: dict[str, t.StructType] = {"fact_orders": FACT_ORDERS}
MARTS: dict[str, t.StructType] = {"daily_sales": DAILY_SALES, "product_performance": PRODUCT_PERFORMANCE}
STAR: dict[str, t.StructType] = DIMENSIONS | FACTS | MARTS
"""The published tables of <project>_gold, in the order in which a publication moves them."""

GRAIN: dict[str, tuple[str, ...]] = {
    "dim_customers": ("customerNumber",),
    "dim_products": ("productCode",),
    "dim_locations": ("locationKey",),
    "dim_dates": ("dateKey",),
    "fact_orders": ("orderNumber", "orderLineNumber"),
    "daily_sales": ("orderDate", "productLine", "country"),
    "product_performance": ("productCode",),
}
"""What identifies one row."""

PARTITIONED_BY: dict[str, str] = {"fact_orders": "months(orderDate)", "daily_sales": "years(orderDate)"}
"""Iceberg's hidden partitioning: queries filter on the date itself."""

# --- Gold: the run's own records -------------------------------------------------------------------------------------

PUBLICATIONS = table("""
    runId            STRING
    publishedAt      TIMESTAMP
    codeVersion      STRING
    snapshots        MAP<STRING,BIGINT>
    rowsRead         BIGINT
    rowsWritten      BIGINT
    rowsQuarantined  BIGINT
""")

QUALITY_RESULTS = table("""
    runId      STRING
    checkedAt  TIMESTAMP
    tableName  STRING
    checkName  STRING
    passed     BOOLEAN
    expected   STRING
    actual     STRING
""")
