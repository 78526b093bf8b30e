-- Cancellations, asked of the source itself: the rival of sql/athena/cancellations.sql.
SELECT
  YEAR(o.orderDate) AS year,
  QUARTER(o.orderDate) AS quarter,
  COUNT(DISTINCT o.orderNumber) AS orders,
  COUNT(DISTINCT CASE WHEN o.status = 'Cancelled' THEN o.orderNumber END) AS cancelledOrders,
  SUM(l.quantityOrdered * l.priceEach) AS bookedAmount,
  SUM(CASE WHEN o.status = 'Cancelled' THEN l.quantityOrdered * l.priceEach ELSE 0 END) AS cancelledAmount,
  ROUND(
    CAST(100 * SUM(CASE WHEN o.status = 'Cancelled' THEN l.quantityOrdered * l.priceEach ELSE 0 END) AS DECIMAL(38, 10))
    / NULLIF(SUM(l.quantityOrdered * l.priceEach), 0), 2
  ) AS cancelledPercent
FROM orders AS o
JOIN orderdetails AS l ON l.orderNumber = o.orderNumber
GROUP BY 1, 2
ORDER BY 1, 2
