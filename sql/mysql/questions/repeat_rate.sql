-- Repeat rate, asked of the source itself: the rival of sql/athena/repeat_rate.sql.
-- An order without lines is no order in the lake either.
WITH customer_orders AS (
  SELECT
    o.customerNumber,
    o.orderDate,
    ROW_NUMBER() OVER (PARTITION BY o.customerNumber ORDER BY o.orderDate, o.orderNumber) AS nth
  FROM orders AS o
  WHERE o.status <> 'Cancelled' AND EXISTS (SELECT 1 FROM orderdetails AS l WHERE l.orderNumber = o.orderNumber)
),
first_and_second AS (
  SELECT
    customerNumber,
    MIN(orderDate) AS firstOrderDate,
    MAX(CASE WHEN nth = 2 THEN orderDate END) AS secondOrderDate
  FROM customer_orders
  WHERE nth <= 2
  GROUP BY customerNumber
)
SELECT
  YEAR(firstOrderDate) AS firstYear,
  COUNT(*) AS customers,
  COUNT(secondOrderDate) AS repeatCustomers,
  ROUND(CAST(100 * COUNT(secondOrderDate) AS DECIMAL(38, 10)) / COUNT(*), 2) AS repeatPercent,
  ROUND(
    CAST(SUM(DATEDIFF(secondOrderDate, firstOrderDate)) AS DECIMAL(38, 10)) / NULLIF(COUNT(secondOrderDate), 0), 1
  ) AS averageDaysToReturn
FROM first_and_second
GROUP BY 1
ORDER BY 1
