-- Feed: top products
-- One row a product of the transaction feed: the twenty with the most revenue, with the name that they were sold under
-- last. average_price is what a piece brought in after discounts.
SELECT
  product_id,
  MAX_BY(product_name, timestamp) AS product_name,
  MAX_BY(category, timestamp) AS category,
  COUNT(*) AS transactions,
  SUM(quantity) AS quantity,
  SUM(total_amount) AS revenue,
  CAST(SUM(total_amount) / SUM(quantity) AS DECIMAL(10, 2)) AS average_price
FROM retail_silver.transactions
GROUP BY product_id
ORDER BY revenue DESC, product_id
LIMIT 20
