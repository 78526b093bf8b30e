-- Revenue by month and product line
-- One row a month and product line with an order. Shows trend and season of each line.
-- Revenue leaves cancelled orders out; cancelledRevenue shows what they would have brought.
SELECT
  d.yearMonth,
  p.productLine,
  COUNT(DISTINCT CASE WHEN f.status IS DISTINCT FROM 'Cancelled' THEN f.orderNumber END) AS orders,
  COALESCE(SUM(f.quantityOrdered) FILTER (WHERE f.status IS DISTINCT FROM 'Cancelled'), 0) AS quantity,
  COALESCE(SUM(f.orderAmount) FILTER (WHERE f.status IS DISTINCT FROM 'Cancelled'), 0) AS revenue,
  COALESCE(SUM(f.orderAmount) FILTER (WHERE f.status = 'Cancelled'), 0) AS cancelledRevenue
FROM fact_orders AS f
JOIN dim_dates AS d ON d.dateKey = f.orderDate
JOIN dim_products AS p ON p.productCode = f.productCode
GROUP BY d.yearMonth, p.productLine
ORDER BY d.yearMonth, p.productLine
