-- Late shipments
-- One row a quarter of the order date: orders that were shipped, and those shipped after the date the customer required.
-- Orders never shipped are not in it, nor are cancelled ones. lateAmount is what the late ones were worth.
WITH shipped AS (
  SELECT orderNumber, orderDate, requiredDate, shippedDate, SUM(orderAmount) AS amount
  FROM retail_gold.fact_orders
  WHERE shippedDate IS NOT NULL AND status IS DISTINCT FROM 'Cancelled'
  GROUP BY orderNumber, orderDate, requiredDate, shippedDate
)
SELECT
  d.year,
  d.quarter,
  COUNT(*) AS shippedOrders,
  COUNT_IF(s.shippedDate > s.requiredDate) AS lateOrders,
  CAST(
    CAST(100 * COUNT_IF(s.shippedDate > s.requiredDate) AS DECIMAL(20, 2)) / COUNT(*) AS DECIMAL(9, 2)
  ) AS latePercent,
  GREATEST(MAX(DATE_DIFF('day', s.requiredDate, s.shippedDate)), 0) AS mostDaysLate,
  COALESCE(SUM(s.amount) FILTER (WHERE s.shippedDate > s.requiredDate), 0) AS lateAmount
FROM shipped AS s
JOIN retail_gold.dim_dates AS d ON d.dateKey = s.orderDate
GROUP BY d.year, d.quarter
ORDER BY d.year, d.quarter
