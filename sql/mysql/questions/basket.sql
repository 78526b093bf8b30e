-- Products bought together, asked of the source itself: the rival of sql/athena/basket.sql.
-- A product code is compared as the lake does: without blanks at its ends, byte by byte.
WITH baskets AS (
  SELECT DISTINCT
    o.orderNumber,
    CONVERT(TRIM(l.productCode) USING utf8mb4) COLLATE utf8mb4_bin AS productCode
  FROM orderdetails AS l
  JOIN orders AS o ON o.orderNumber = l.orderNumber
  WHERE o.status <> 'Cancelled'
),
product_orders AS (
  SELECT productCode, COUNT(*) AS orders
  FROM baskets
  GROUP BY productCode
),
pairs AS (
  SELECT a.productCode, b.productCode AS otherProductCode, COUNT(*) AS ordersTogether
  FROM baskets AS a
  JOIN baskets AS b ON b.orderNumber = a.orderNumber AND b.productCode > a.productCode
  GROUP BY a.productCode, b.productCode
  ORDER BY COUNT(*) DESC, a.productCode, b.productCode
  LIMIT 20
),
names AS (
  SELECT CONVERT(TRIM(productCode) USING utf8mb4) COLLATE utf8mb4_bin AS productCode, TRIM(productName) AS productName
  FROM products
)
SELECT
  pairs.productCode,
  p.productName,
  pairs.otherProductCode,
  q.productName AS otherProductName,
  pairs.ordersTogether,
  ROUND(
    CAST(pairs.ordersTogether * (SELECT COUNT(DISTINCT orderNumber) FROM baskets) AS DECIMAL(38, 10))
    / (a.orders * b.orders), 2
  ) AS lift
FROM pairs
JOIN product_orders AS a ON a.productCode = pairs.productCode
JOIN product_orders AS b ON b.productCode = pairs.otherProductCode
JOIN names AS p ON p.productCode = pairs.productCode
JOIN names AS q ON q.productCode = pairs.otherProductCode
ORDER BY pairs.ordersTogether DESC, pairs.productCode, pairs.otherProductCode
