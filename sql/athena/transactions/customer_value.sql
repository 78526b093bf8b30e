-- Feed: customer value
-- One row a customer of the transaction feed: the twenty who brought in most, how often and when they bought, what a
-- purchase of theirs is worth, and in which tenth of all customers they are by revenue (1 is the best).
WITH customers AS (
  SELECT
    customer_id,
    COUNT(*) AS transactions,
    SUM(total_amount) AS revenue,
    MIN(timestamp) AS first_purchase,
    MAX(timestamp) AS last_purchase
  FROM retail_silver.transactions
  GROUP BY customer_id
),
ranked AS (
  SELECT customers.*, NTILE(10) OVER (ORDER BY revenue DESC, customer_id) AS tenth
  FROM customers
)
SELECT
  customer_id,
  transactions,
  revenue,
  CAST(revenue / transactions AS DECIMAL(18, 2)) AS average_purchase,
  first_purchase,
  last_purchase,
  tenth
FROM ranked
ORDER BY revenue DESC, customer_id
LIMIT 20
