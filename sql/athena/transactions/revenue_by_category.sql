-- Feed: revenue by category
-- One row a category of the transaction feed: transactions, pieces, revenue, and its share of all revenue in percent.
SELECT
  category,
  COUNT(*) AS transactions,
  SUM(quantity) AS quantity,
  SUM(total_amount) AS revenue,
  CAST(100 * SUM(total_amount) / NULLIF(SUM(SUM(total_amount)) OVER (), 0) AS DECIMAL(9, 2)) AS share_percent
FROM retail_silver.transactions
GROUP BY category
ORDER BY revenue DESC, category
