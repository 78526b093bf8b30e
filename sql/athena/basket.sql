-- Products bought together
-- One row a pair of products: the twenty pairs that most orders have in common.
-- lift compares that with chance: 1.00 is what two products bought independently would show.
-- Cancelled orders are left out.
WITH baskets AS (
  SELECT DISTINCT orderNumber, productCode
  FROM retail_gold.fact_orders
  WHERE status IS DISTINCT FROM 'Cancelled'
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
)
SELECT
  pairs.productCode,
  p.productName,
  pairs.otherProductCode,
  q.productName AS otherProductName,
  pairs.ordersTogether,
  CAST(
    CAST(pairs.ordersTogether * (SELECT COUNT(DISTINCT orderNumber) FROM baskets) AS DECIMAL(38, 2))
    / (a.orders * b.orders) AS DECIMAL(18, 2)
  ) AS lift
FROM pairs
JOIN product_orders AS a ON a.productCode = pairs.productCode
JOIN product_orders AS b ON b.productCode = pairs.otherProductCode
JOIN retail_gold.dim_products AS p ON p.productCode = pairs.productCode
JOIN retail_gold.dim_products AS q ON q.productCode = pairs.otherProductCode
ORDER BY pairs.ordersTogether DESC, pairs.productCode, pairs.otherProductCode
LIMIT 20
