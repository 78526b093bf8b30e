-- Credit exposure, asked of the source itself: the rival of sql/athena/credit_exposure.sql.
WITH ordered AS (
  SELECT o.customerNumber, SUM(l.quantityOrdered * l.priceEach) AS amount
  FROM orders AS o
  JOIN orderdetails AS l ON l.orderNumber = o.orderNumber
  WHERE o.status <> 'Cancelled'
  GROUP BY o.customerNumber
),
paid AS (
  SELECT customerNumber, SUM(amount) AS amount
  FROM payments
  GROUP BY customerNumber
)
SELECT
  c.customerNumber,
  TRIM(c.customerName) AS customerName,
  TRIM(c.country) AS country,
  c.creditLimit,
  ordered.amount AS orderedAmount,
  COALESCE(paid.amount, 0) AS paidAmount,
  ordered.amount - COALESCE(paid.amount, 0) AS exposure,
  GREATEST(ordered.amount - COALESCE(paid.amount, 0) - COALESCE(c.creditLimit, 0), 0) AS excess
FROM ordered
JOIN customers AS c ON c.customerNumber = ordered.customerNumber
LEFT JOIN paid ON paid.customerNumber = ordered.customerNumber
WHERE ordered.amount > COALESCE(paid.amount, 0)
ORDER BY exposure DESC, c.customerNumber
LIMIT 20
