-- Top customers
-- One row a customer: the twenty with the most revenue, and their share of all revenue in percent.
-- Cancelled orders are left out.
WITH customer_sales AS (
  SELECT
    customerNumber,
    COUNT(DISTINCT orderNumber) AS orders,
    SUM(orderAmount) AS revenue,
    MAX(orderDate) AS lastOrderDate
  FROM fact_orders
  WHERE status IS DISTINCT FROM 'Cancelled'
  GROUP BY customerNumber
)
SELECT
  c.customerNumber,
  c.customerName,
  c.country,
  s.orders,
  s.revenue,
  CAST(100 * s.revenue / NULLIF(SUM(s.revenue) OVER (), 0) AS DECIMAL(9, 2)) AS sharePercent,
  s.lastOrderDate
FROM customer_sales AS s
JOIN dim_customers AS c ON c.customerNumber = s.customerNumber
ORDER BY s.revenue DESC, c.customerNumber
LIMIT 20
