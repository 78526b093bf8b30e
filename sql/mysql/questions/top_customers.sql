-- Top customers, asked of the source itself: the rival of sql/athena/top_customers.sql.
WITH customer_sales AS (
  SELECT
    o.customerNumber,
    COUNT(DISTINCT o.orderNumber) AS orders,
    SUM(l.quantityOrdered * l.priceEach) AS revenue,
    MAX(o.orderDate) AS lastOrderDate
  FROM orders AS o
  JOIN orderdetails AS l ON l.orderNumber = o.orderNumber
  WHERE o.status <> 'Cancelled'
  GROUP BY o.customerNumber
)
SELECT
  c.customerNumber,
  TRIM(c.customerName) AS customerName,
  TRIM(c.country) AS country,
  s.orders,
  s.revenue,
  ROUND(CAST(100 * s.revenue AS DECIMAL(38, 10)) / (SELECT SUM(revenue) FROM customer_sales), 2) AS sharePercent,
  s.lastOrderDate
FROM customer_sales AS s
JOIN customers AS c ON c.customerNumber = s.customerNumber
ORDER BY s.revenue DESC, c.customerNumber
LIMIT 20
