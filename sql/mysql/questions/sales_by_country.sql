-- Sales by country, asked of the source itself: the rival of sql/athena/sales_by_country.sql.
-- A country is compared as the lake does: without blanks at its ends, byte by byte.
WITH country_sales AS (
  SELECT
    CONVERT(TRIM(c.country) USING utf8mb4) COLLATE utf8mb4_bin AS country,
    COUNT(DISTINCT CASE WHEN o.status <> 'Cancelled' THEN c.customerNumber END) AS customers,
    COUNT(DISTINCT CASE WHEN o.status <> 'Cancelled' THEN o.orderNumber END) AS orders,
    SUM(CASE WHEN o.status <> 'Cancelled' THEN l.quantityOrdered * l.priceEach ELSE 0 END) AS revenue,
    SUM(CASE WHEN o.status = 'Cancelled' THEN l.quantityOrdered * l.priceEach ELSE 0 END) AS cancelledRevenue
  FROM customers AS c
  JOIN orders AS o ON o.customerNumber = c.customerNumber
  JOIN orderdetails AS l ON l.orderNumber = o.orderNumber
  GROUP BY 1
)
SELECT
  country,
  customers,
  orders,
  revenue,
  ROUND(CAST(100 * revenue AS DECIMAL(38, 10)) / NULLIF((SELECT SUM(revenue) FROM country_sales), 0), 2)
    AS sharePercent,
  cancelledRevenue
FROM country_sales
ORDER BY revenue DESC, country
