-- Credit exposure
-- One row a customer who owes something: the twenty who owe most. exposure is what was ordered and not cancelled, less
-- what was paid; excess is the part of it above the credit limit, which is 0 for a customer without one.
WITH ordered AS (
  SELECT customerNumber, SUM(orderAmount) AS amount
  FROM retail_gold.fact_orders
  WHERE status IS DISTINCT FROM 'Cancelled'
  GROUP BY customerNumber
),
paid AS (
  SELECT customerNumber, SUM(amount) AS amount
  FROM retail_bronze.payments
  GROUP BY customerNumber
)
SELECT
  c.customerNumber,
  c.customerName,
  c.country,
  c.creditLimit,
  ordered.amount AS orderedAmount,
  COALESCE(paid.amount, 0) AS paidAmount,
  ordered.amount - COALESCE(paid.amount, 0) AS exposure,
  GREATEST(ordered.amount - COALESCE(paid.amount, 0) - COALESCE(c.creditLimit, 0), 0) AS excess
FROM ordered
JOIN retail_gold.dim_customers AS c ON c.customerNumber = ordered.customerNumber
LEFT JOIN paid ON paid.customerNumber = ordered.customerNumber
WHERE ordered.amount > COALESCE(paid.amount, 0)
ORDER BY ordered.amount - COALESCE(paid.amount, 0) DESC, c.customerNumber
LIMIT 20
