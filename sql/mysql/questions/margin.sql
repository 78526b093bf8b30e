-- Margin by product line, asked of the source itself: the rival of sql/athena/margin.sql.
WITH line_sales AS (
  SELECT
    CONVERT(TRIM(p.productLine) USING utf8mb4) COLLATE utf8mb4_bin AS productLine,
    SUM(l.quantityOrdered) AS quantity,
    SUM(l.quantityOrdered * l.priceEach) AS revenue,
    SUM(l.quantityOrdered * p.buyPrice) AS cost
  FROM orderdetails AS l
  JOIN orders AS o ON o.orderNumber = l.orderNumber
  JOIN products AS p ON p.productCode = l.productCode
  WHERE o.status <> 'Cancelled'
  GROUP BY 1
)
SELECT
  productLine,
  quantity,
  revenue,
  cost,
  revenue - cost AS margin,
  ROUND(CAST(100 * (revenue - cost) AS DECIMAL(38, 10)) / NULLIF(revenue, 0), 2) AS marginPercent
FROM line_sales
ORDER BY revenue - cost DESC, productLine
