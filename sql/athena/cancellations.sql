-- Cancellations
-- One row a quarter of the order date: how many orders were cancelled, and what they were worth.
-- bookedAmount counts all orders, cancelled or not; revenue is bookedAmount less cancelledAmount.
SELECT
  d.year,
  d.quarter,
  COUNT(DISTINCT f.orderNumber) AS orders,
  COUNT(DISTINCT CASE WHEN f.status = 'Cancelled' THEN f.orderNumber END) AS cancelledOrders,
  SUM(f.orderAmount) AS bookedAmount,
  COALESCE(SUM(f.orderAmount) FILTER (WHERE f.status = 'Cancelled'), 0) AS cancelledAmount,
  CAST(
    100 * COALESCE(SUM(f.orderAmount) FILTER (WHERE f.status = 'Cancelled'), 0) / NULLIF(SUM(f.orderAmount), 0)
    AS DECIMAL(9, 2)
  ) AS cancelledPercent
FROM retail_gold.fact_orders AS f
JOIN retail_gold.dim_dates AS d ON d.dateKey = f.orderDate
GROUP BY d.year, d.quarter
ORDER BY d.year, d.quarter
