-- Repeat rate
-- One row a year of first order: how many of those customers ordered again, and after how many days on average.
-- Cancelled orders are left out. Late years look worse than they are: their customers had less time to return.
WITH customer_orders AS (
  SELECT
    customerNumber,
    orderDate,
    ROW_NUMBER() OVER (PARTITION BY customerNumber ORDER BY orderDate, orderNumber) AS nth
  FROM (
    SELECT DISTINCT customerNumber, orderNumber, orderDate
    FROM retail_gold.fact_orders
    WHERE status IS DISTINCT FROM 'Cancelled'
  ) AS kept
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
  CAST(CAST(100 * COUNT(secondOrderDate) AS DECIMAL(20, 2)) / COUNT(*) AS DECIMAL(9, 2)) AS repeatPercent,
  CAST(
    CAST(SUM(DATE_DIFF('day', firstOrderDate, secondOrderDate)) AS DECIMAL(20, 1)) / NULLIF(COUNT(secondOrderDate), 0)
    AS DECIMAL(9, 1)
  ) AS averageDaysToReturn
FROM first_and_second
GROUP BY YEAR(firstOrderDate)
ORDER BY YEAR(firstOrderDate)
