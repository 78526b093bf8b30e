-- Revenue by month and product line, asked of the source itself: the rival of sql/athena/revenue_by_month_and_line.sql.
-- Text is compared as the lake does: without blanks at its ends, byte by byte.
SELECT
  DATE_FORMAT(o.orderDate, '%Y-%m') AS yearMonth,
  CONVERT(TRIM(p.productLine) USING utf8mb4) COLLATE utf8mb4_bin AS productLine,
  COUNT(DISTINCT CASE WHEN o.status <> 'Cancelled' THEN o.orderNumber END) AS orders,
  SUM(CASE WHEN o.status <> 'Cancelled' THEN l.quantityOrdered ELSE 0 END) AS quantity,
  SUM(CASE WHEN o.status <> 'Cancelled' THEN l.quantityOrdered * l.priceEach ELSE 0 END) AS revenue,
  SUM(CASE WHEN o.status = 'Cancelled' THEN l.quantityOrdered * l.priceEach ELSE 0 END) AS cancelledRevenue
FROM orderdetails AS l
JOIN orders AS o ON o.orderNumber = l.orderNumber
JOIN products AS p ON p.productCode = l.productCode
GROUP BY 1, 2
ORDER BY 1, 2
