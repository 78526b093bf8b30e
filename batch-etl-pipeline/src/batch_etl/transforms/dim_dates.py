"""dim_dates: the calendar."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from batch_etl.schemas import DIM_DATES


def dim_dates(orders: DataFrame) -> DataFrame:
    """One row per day of every calendar year in which something was ordered, without gaps; weeks start on Monday."""
    years = orders.agg(F.min("orderDate").alias("first"), F.max("orderDate").alias("last"))
    first_day = F.trunc("first", "year")
    last_day = F.date_sub(F.add_months(F.trunc("last", "year"), 12), 1)
    day = F.col("dateKey")
    return (
        years.select(F.explode(F.sequence(first_day, last_day)).alias("dateKey"))
        .withColumns({"year": F.year(day), "quarter": F.quarter(day), "month": F.month(day)})
        .withColumns({"monthName": F.date_format(day, "MMMM"), "dayName": F.date_format(day, "EEEE")})
        .withColumns({"dayOfMonth": F.dayofmonth(day), "dayOfWeek": F.weekday(day) + 1})
        .withColumns({"isWeekend": F.weekday(day) >= 5, "yearMonth": F.date_format(day, "yyyy-MM")})
        .select(*DIM_DATES.fieldNames())
    )
