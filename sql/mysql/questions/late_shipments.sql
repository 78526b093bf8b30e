-- Late shipments, asked of the source itself: the rival of sql/athena/late_shipments.sql.
WITH shipped AS (
  SELECT o.orderNumber, o.orderDate, o.requiredDate, o.shippedDate, SUM(l.quantityOrdered * l.priceEach) AS amount
  FROM orders AS o
  JOIN orderdetails AS l ON l.orderNumber = o.orderNumber
  WHERE o.shippedDate IS NOT NULL AND o.status <> 'Cancelled'
  GROUP BY o.orderNumber, o.orderDate, o.requiredDate, o.shippedDate
)
SELECT
  YEAR(orderDate) AS year,
  QUARTER(orderDate) AS quarter,
  COUNT(*) AS shippedOrders,
  SUM(shippedDate > requiredDate) AS lateOrders,
  ROUND(CAST(100 * SUM(shippedDate > requiredDate) AS DECIMAL(38, 10)) / COUNT(*), 2) AS latePercent,
  GREATEST(MAX(DATEDIFF(shippedDate, requiredDate)), 0) AS mostDaysLate,
  SUM(CASE WHEN shippedDate > requiredDate THEN amount ELSE 0 END) AS lateAmount
FROM shipped
GROUP BY 1, 2
ORDER BY 1, 2
