-- Feed: hourly pattern
-- One row an hour of the day (UTC) in the transaction feed: transactions, revenue, and what an average day has of both.
SELECT
  hour,
  COUNT(*) AS transactions,
  SUM(total_amount) AS revenue,
  CAST(CAST(COUNT(*) AS DECIMAL(20, 2)) / COUNT(DISTINCT dt) AS DECIMAL(18, 2)) AS transactions_a_day,
  CAST(SUM(total_amount) / COUNT(DISTINCT dt) AS DECIMAL(18, 2)) AS revenue_a_day
FROM retail_silver.transactions
GROUP BY hour
ORDER BY hour
