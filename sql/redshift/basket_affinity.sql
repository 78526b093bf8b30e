-- Basket affinity
-- One row a rule "who orders this product orders that one too": the twenty-five with the most orders behind them among
-- those that beat chance. support is the percent of all orders with both, confidence the percent of the first
-- product's orders that have the second, lift how much more often than by chance. Cancelled orders are left out.
WITH baskets AS (
  SELECT DISTINCT orderNumber, productCode
  FROM retail_gold.fact_orders
  WHERE status <> 'Cancelled' OR status IS NULL
),
product_orders AS (
  SELECT productCode, COUNT(*) AS orders
  FROM baskets
  GROUP BY productCode
),
all_orders AS (
  SELECT COUNT(DISTINCT orderNumber) AS orders
  FROM baskets
),
pairs AS (
  SELECT a.productCode, b.productCode AS otherProductCode, COUNT(*) AS together
  FROM baskets AS a
  JOIN baskets AS b ON b.orderNumber = a.orderNumber AND b.productCode <> a.productCode
  GROUP BY a.productCode, b.productCode
)
SELECT
  x.productCode,
  p.productName,
  x.otherProductCode,
  q.productName AS otherProductName,
  x.together,
  CAST(CAST(100 * x.together AS DECIMAL(22, 6)) / CAST(t.orders AS DECIMAL(18, 2)) AS DECIMAL(9, 2)) AS supportPercent,
  CAST(CAST(100 * x.together AS DECIMAL(22, 6)) / CAST(a.orders AS DECIMAL(18, 2)) AS DECIMAL(9, 2))
    AS confidencePercent,
  CAST(
    CAST(x.together * t.orders AS DECIMAL(22, 6)) / CAST(a.orders * b.orders AS DECIMAL(18, 2)) AS DECIMAL(9, 2)
  ) AS lift
FROM pairs AS x
CROSS JOIN all_orders AS t
JOIN product_orders AS a ON a.productCode = x.productCode
JOIN product_orders AS b ON b.productCode = x.otherProductCode
JOIN retail_gold.dim_products AS p ON p.productCode = x.productCode
JOIN retail_gold.dim_products AS q ON q.productCode = x.otherProductCode
WHERE x.together * t.orders > a.orders * b.orders
ORDER BY x.together DESC, confidencePercent DESC, x.productCode, x.otherProductCode
LIMIT 25
