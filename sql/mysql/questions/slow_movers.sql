-- Slow movers, asked of the source itself: the rival of sql/athena/slow_movers.sql.
WITH kept AS (
  SELECT l.productCode, l.quantityOrdered, o.orderDate
  FROM orderdetails AS l
  JOIN orders AS o ON o.orderNumber = l.orderNumber
  WHERE o.status <> 'Cancelled'
),
latest AS (
  SELECT MAX(o.orderDate) AS orderDate
  FROM orders AS o
  WHERE EXISTS (SELECT 1 FROM orderdetails AS l WHERE l.orderNumber = o.orderNumber)
),
sales AS (
  SELECT
    kept.productCode,
    SUM(
      CASE WHEN kept.orderDate > latest.orderDate - INTERVAL 12 MONTH THEN kept.quantityOrdered ELSE 0 END
    ) AS quantity,
    MAX(kept.orderDate) AS lastOrderDate
  FROM kept
  CROSS JOIN latest
  GROUP BY kept.productCode
)
SELECT
  CONVERT(TRIM(p.productCode) USING utf8mb4) COLLATE utf8mb4_bin AS productCode,
  TRIM(p.productName) AS productName,
  TRIM(p.productLine) AS productLine,
  p.quantityInStock,
  COALESCE(sales.quantity, 0) AS soldLastYear,
  p.quantityInStock * p.buyPrice AS stockValue,
  sales.lastOrderDate
FROM products AS p
LEFT JOIN sales ON sales.productCode = p.productCode
ORDER BY soldLastYear, stockValue DESC, 1
LIMIT 20
