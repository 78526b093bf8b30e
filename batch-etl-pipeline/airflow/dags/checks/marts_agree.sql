-- Whether the marts by day and by product, published together, hold the same sales. One row; a false value fails the task.
SELECT
  d.total_sales = p.total_sales AS sales_agree,
  d.cancelled_sales = p.cancelled_sales AS cancelled_sales_agree,
  d.total_units = p.total_units AS units_agree
FROM (
  SELECT
    SUM(total_sales) AS total_sales,
    SUM(cancelled_sales) AS cancelled_sales,
    SUM(total_units) AS total_units
  FROM {{ var.value.get('retail_project', 'retail') }}_gold.store_daily_sales
) AS d
CROSS JOIN (
  SELECT
    SUM(total_sales) AS total_sales,
    SUM(cancelled_sales) AS cancelled_sales,
    SUM(total_units) AS total_units
  FROM {{ var.value.get('retail_project', 'retail') }}_gold.store_product_performance
) AS p
