-- Cohort retention
-- One row a quarter of first order and a number of quarters since: how many of the customers won in that quarter
-- ordered again then, and how many percent of the cohort they are. Quarter 0 is the first order's own, so 100 percent.
-- A quarter in which nobody of the cohort ordered has a row too, up to the latest quarter of all. Cancelled orders are
-- left out.
WITH customer_quarters AS (
  SELECT DISTINCT
    customerNumber,
    CAST(DATE_TRUNC('quarter', orderDate) AS DATE) AS orderQuarter
  FROM retail_gold.fact_orders
  WHERE status <> 'Cancelled' OR status IS NULL
),
customer_cohorts AS (
  SELECT orderQuarter, MIN(orderQuarter) OVER (PARTITION BY customerNumber) AS cohort
  FROM customer_quarters
),
active AS (
  SELECT cohort, orderQuarter, COUNT(*) AS customers
  FROM customer_cohorts
  GROUP BY cohort, orderQuarter
),
quarters AS (
  SELECT DISTINCT orderQuarter
  FROM active
)
SELECT
  c.cohort,
  DATEDIFF(quarter, c.cohort, q.orderQuarter) AS quartersSince,
  c.customers,
  NVL(a.customers, 0) AS activeCustomers,
  CAST(
    CAST(100 * NVL(a.customers, 0) AS DECIMAL(22, 6)) / CAST(c.customers AS DECIMAL(18, 2)) AS DECIMAL(9, 2)
  ) AS retentionPercent
FROM active AS c
JOIN quarters AS q ON q.orderQuarter >= c.cohort
LEFT JOIN active AS a ON a.cohort = c.cohort AND a.orderQuarter = q.orderQuarter
WHERE c.orderQuarter = c.cohort
ORDER BY c.cohort, quartersSince
