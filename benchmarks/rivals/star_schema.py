"""The star schema by DuckDB and by Polars: the same tables out of the same Parquet files."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

LOCATION = ("postalCode", "city", "state", "country")

_DUCKDB = """
CREATE TEMP TABLE dim_locations AS
SELECT hash(concat_ws(chr(31), {parts})) AS locationKey, * FROM (SELECT DISTINCT {trimmed} FROM customers);
CREATE TEMP TABLE dim_customers AS
SELECT *, concat_ws(' ', contactFirstName, contactLastName) AS contactName,
  hash(concat_ws(chr(31), {parts})) AS locationKey
FROM (SELECT * REPLACE ({trimmed}) FROM customers);
CREATE TEMP TABLE dim_products AS
SELECT p.*, l.textDescription AS productLineDescription FROM products p LEFT JOIN productlines l USING (productLine);
CREATE TEMP TABLE fact_orders AS
SELECT d.orderNumber, d.orderLineNumber, o.customerNumber, d.productCode, c.locationKey, c.postalCode, o.orderDate,
  o.requiredDate, o.shippedDate, o.status, o.comments, d.quantityOrdered, d.priceEach,
  CAST(d.quantityOrdered * d.priceEach AS DECIMAL(21,2)) AS orderAmount, p.buyPrice, p.MSRP
FROM orderdetails d JOIN orders o USING (orderNumber) JOIN dim_customers c USING (customerNumber)
JOIN products p USING (productCode);
CREATE TEMP TABLE dim_dates AS
SELECT day AS dateKey, year(day) AS year, month(day) AS month FROM (
  SELECT unnest(generate_series(
    date_trunc('year', min(orderDate)), date_trunc('year', max(orderDate)) + INTERVAL 1 YEAR,
    INTERVAL 1 DAY)) AS day FROM orders);
CREATE TEMP TABLE daily_sales AS
SELECT orderDate, productLine, country,
  COUNT(DISTINCT orderNumber) FILTER (status <> 'Cancelled') AS orders,
  COUNT(*) FILTER (status <> 'Cancelled') AS orderLines,
  SUM(quantityOrdered) FILTER (status <> 'Cancelled') AS quantity,
  COALESCE(SUM(orderAmount) FILTER (status <> 'Cancelled'), 0) AS revenue,
  COALESCE(SUM(quantityOrdered * f.buyPrice) FILTER (status <> 'Cancelled'), 0) AS cost,
  COALESCE(SUM(orderAmount) FILTER (status = 'Cancelled'), 0) AS cancelledRevenue
FROM fact_orders f JOIN dim_products USING (productCode) JOIN dim_locations USING (locationKey)
GROUP BY ALL;
CREATE TEMP TABLE product_performance AS
SELECT p.productCode, p.productName, p.productLine, p.productVendor, p.quantityInStock,
  COUNT(DISTINCT orderNumber) FILTER (status <> 'Cancelled') AS orders,
  COUNT(DISTINCT customerNumber) FILTER (status <> 'Cancelled') AS customers,
  SUM(quantityOrdered) FILTER (status <> 'Cancelled') AS quantity,
  COALESCE(SUM(orderAmount) FILTER (status <> 'Cancelled'), 0) AS revenue,
  COALESCE(SUM(quantityOrdered * f.buyPrice) FILTER (status <> 'Cancelled'), 0) AS cost,
  SUM(quantityOrdered) FILTER (status = 'Cancelled') AS cancelledQuantity,
  COALESCE(SUM(orderAmount) FILTER (status = 'Cancelled'), 0) AS cancelledRevenue,
  MIN(orderDate) FILTER (status <> 'Cancelled') AS firstOrderDate,
  MAX(orderDate) FILTER (status <> 'Cancelled') AS lastOrderDate
FROM dim_products p LEFT JOIN fact_orders f USING (productCode) GROUP BY ALL;
"""
TABLES = (
    "dim_locations",
    "dim_customers",
    "dim_products",
    "fact_orders",
    "dim_dates",
    "daily_sales",
    "product_performance",
)


def build_with_duckdb(source: Path, target: Path) -> None:
    database = duckdb.connect()
    for name in ("customers", "orders", "orderdetails", "products", "productlines"):
        database.execute(f"CREATE VIEW {name} AS SELECT * FROM '{source}/{name}/*.parquet'")
    trimmed = ", ".join(f"trim({column}) AS {column}" for column in LOCATION)
    parts = ", ".join(f"COALESCE('=' || {column}, '')" for column in LOCATION)
    database.execute(_DUCKDB.format(trimmed=trimmed, parts=parts))
    for name in TABLES:
        (target / name).mkdir()
        database.execute(f"COPY {name} TO '{target}/{name}/part.parquet' (FORMAT parquet, COMPRESSION snappy)")
    database.close()


def build_with_polars(source: Path, target: Path) -> None:
    tables = {name: pl.scan_parquet(source / name / "*.parquet") for name in _read(source)}
    customers = _with_location(tables["customers"])
    star = {
        "dim_locations": customers.select("locationKey", *LOCATION).unique().collect(),
        "dim_customers": customers.collect(),
        "dim_products": tables["products"].join(tables["productlines"], on="productLine", how="left").collect(),
    }
    star["fact_orders"] = _polars_facts(tables, customers).collect()
    first, last = star["fact_orders"].select(pl.min("orderDate"), last=pl.max("orderDate")).row(0)
    star["dim_dates"] = pl.date_range(first, last, eager=True).to_frame("dateKey")
    facts = star["fact_orders"].lazy().with_columns(cost=pl.col("quantityOrdered") * pl.col("buyPrice"))
    lines = star["dim_products"].lazy().select("productCode", "productLine")
    places = star["dim_locations"].lazy().select("locationKey", "country")
    sales = facts.join(lines, on="productCode").join(places, on="locationKey")
    star["daily_sales"] = sales.group_by("orderDate", "productLine", "country").agg(*_measures()).collect()
    products = (
        star["dim_products"]
        .lazy()
        .join(facts.group_by("productCode").agg(*_measures(), *_more_measures()), on="productCode", how="left")
    )
    star["product_performance"] = products.collect()
    for name, table in star.items():
        (target / name).mkdir()
        table.write_parquet(target / name / "part.parquet", compression="snappy")


def _read(source: Path) -> list[str]:
    return [folder.name for folder in source.iterdir()]


def _with_location(customers: pl.LazyFrame) -> pl.LazyFrame:
    trimmed = customers.with_columns(pl.col(*LOCATION).str.strip_chars(" "))
    name = pl.concat_str(pl.col("contactFirstName"), pl.col("contactLastName"), separator=" ")
    return trimmed.with_columns(locationKey=pl.struct(*LOCATION).hash(), contactName=name)


def _polars_facts(tables: dict[str, pl.LazyFrame], customers: pl.LazyFrame) -> pl.LazyFrame:
    amount = pl.col("quantityOrdered").cast(pl.Decimal(10, 0)) * pl.col("priceEach")
    return (
        tables["orderdetails"]
        .drop("updatedAt")
        .join(tables["orders"].drop("updatedAt"), on="orderNumber")
        .join(customers.select("customerNumber", "postalCode", "locationKey"), on="customerNumber")
        .join(tables["products"].select("productCode", "buyPrice", "MSRP"), on="productCode")
        .with_columns(orderAmount=amount)
    )


def _measures() -> list[pl.Expr]:
    kept, cancelled = pl.col("status") != "Cancelled", pl.col("status") == "Cancelled"
    return [
        pl.col("orderNumber").filter(kept).n_unique().alias("orders"),
        kept.sum().alias("orderLines"),
        pl.col("quantityOrdered").filter(kept).sum().alias("quantity"),
        pl.col("orderAmount").filter(kept).sum().alias("revenue"),
        pl.col("cost").filter(kept).sum(),
        pl.col("orderAmount").filter(cancelled).sum().alias("cancelledRevenue"),
    ]


def _more_measures() -> list[pl.Expr]:
    kept = pl.col("status") != "Cancelled"
    return [
        pl.col("customerNumber").filter(kept).n_unique().alias("customers"),
        pl.col("orderDate").filter(kept).min().alias("firstOrderDate"),
        pl.col("orderDate").filter(kept).max().alias("lastOrderDate"),
    ]
