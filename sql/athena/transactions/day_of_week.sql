-- Feed: day of week
-- One row a day of the week in the transaction feed, 0 is Monday: days, transactions, revenue, and what an average such
-- day has of it.
SELECT
  day_of_week,
  DATE_FORMAT(MIN(timestamp), '%W') AS name,
  COUNT(DISTINCT dt) AS days,
  COUNT(*) AS transactions,
  SUM(total_amount) AS revenue,
  CAST(SUM(total_amount) / COUNT(DISTINCT dt) AS DECIMAL(18, 2)) AS revenue_a_day
FROM retail_silver.transactions
GROUP BY day_of_week
ORDER BY day_of_week
