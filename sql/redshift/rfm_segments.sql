-- RFM segments
-- One row a segment of customers, made of three scores from 1 to 5: how recently they ordered, how often, for how much.
-- Each score is a fifth of the customers (NTILE), the best 5; equals are told apart by their number. Days count up to
-- the latest order of all. Cancelled orders are left out.
WITH customers AS (
  SELECT
    customerNumber,
    MAX(orderDate) AS lastOrderDate,
    COUNT(DISTINCT orderNumber) AS orders,
    SUM(orderAmount) AS revenue
  FROM retail_gold.fact_orders
  WHERE status <> 'Cancelled' OR status IS NULL
  GROUP BY customerNumber
),
scored AS (
  SELECT
    customerNumber,
    DATEDIFF(day, lastOrderDate, (SELECT MAX(lastOrderDate) FROM customers)) AS daysSince,
    orders,
    revenue,
    NTILE(5) OVER (ORDER BY lastOrderDate, customerNumber) AS recency,
    NTILE(5) OVER (ORDER BY orders, customerNumber) AS frequency,
    NTILE(5) OVER (ORDER BY revenue, customerNumber) AS monetary
  FROM customers
),
segmented AS (
  SELECT
    CASE
      WHEN recency >= 4 AND frequency >= 4 AND monetary >= 4 THEN 'champions'
      WHEN recency >= 4 AND frequency <= 2 THEN 'new or promising'
      WHEN recency >= 3 AND frequency >= 3 THEN 'loyal'
      WHEN recency <= 2 AND frequency >= 4 THEN 'at risk'
      WHEN recency <= 2 AND frequency <= 2 THEN 'hibernating'
      ELSE 'needs attention'
    END AS segment,
    daysSince,
    orders,
    revenue
  FROM scored
)
SELECT
  segment,
  COUNT(*) AS customers,
  SUM(orders) AS orders,
  SUM(revenue) AS revenue,
  CAST(
    CAST(100 * SUM(revenue) AS DECIMAL(22, 6)) / CAST(SUM(SUM(revenue)) OVER () AS DECIMAL(18, 2)) AS DECIMAL(9, 2)
  ) AS sharePercent,
  CAST(CAST(SUM(daysSince) AS DECIMAL(22, 6)) / CAST(COUNT(*) AS DECIMAL(18, 2)) AS DECIMAL(9, 1)) AS averageDaysSince
FROM segmented
GROUP BY segment
ORDER BY revenue DESC, segment
