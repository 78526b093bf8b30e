-- Slow movers
-- One row a product: the twenty of which least was sold in the twelve months up to the latest order, unsold ones too.
-- Among equals the one that binds more capital comes first: stockValue is the stock at its buying price.
WITH period AS (
  SELECT MAX(orderDate) - INTERVAL '12' MONTH AS startsAfter
  FROM fact_orders
),
recent_sales AS (
  SELECT f.productCode, SUM(f.quantityOrdered) AS quantity
  FROM fact_orders AS f
  CROSS JOIN period
  WHERE f.status IS DISTINCT FROM 'Cancelled' AND f.orderDate > period.startsAfter
  GROUP BY f.productCode
)
SELECT
  p.productCode,
  p.productName,
  p.productLine,
  p.quantityInStock,
  COALESCE(s.quantity, 0) AS soldLastYear,
  p.quantityInStock * p.buyPrice AS stockValue,
  m.lastOrderDate
FROM dim_products AS p
JOIN product_performance AS m ON m.productCode = p.productCode
LEFT JOIN recent_sales AS s ON s.productCode = p.productCode
ORDER BY COALESCE(s.quantity, 0), p.quantityInStock * p.buyPrice DESC, p.productCode
LIMIT 20
