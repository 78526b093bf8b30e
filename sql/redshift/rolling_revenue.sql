-- Rolling revenue
-- One row a month and product line, from the first month with an order to the last: revenue, the sum of it over three
-- months (this one and the two before), and over the year so far. A month without an order counts as nothing, so the
-- window is always three months wide. Cancelled orders are left out.
WITH monthly AS (
  SELECT
    p.productLine,
    CAST(DATE_TRUNC('month', f.orderDate) AS DATE) AS orderMonth,
    SUM(f.orderAmount) AS revenue
  FROM retail_gold.fact_orders AS f
  JOIN retail_gold.dim_products AS p ON p.productCode = f.productCode
  WHERE f.status <> 'Cancelled' OR f.status IS NULL
  GROUP BY p.productLine, CAST(DATE_TRUNC('month', f.orderDate) AS DATE)
),
period AS (
  SELECT MIN(orderMonth) AS firstMonth, MAX(orderMonth) AS lastMonth
  FROM monthly
),
months AS (
  SELECT d.dateKey AS orderMonth
  FROM retail_gold.dim_dates AS d
  JOIN period AS p ON d.dateKey BETWEEN p.firstMonth AND p.lastMonth
  WHERE d.dayOfMonth = 1
),
lines AS (
  SELECT DISTINCT productLine
  FROM monthly
),
complete AS (
  SELECT l.productLine, m.orderMonth, NVL(r.revenue, 0) AS revenue
  FROM lines AS l
  CROSS JOIN months AS m
  LEFT JOIN monthly AS r ON r.productLine = l.productLine AND r.orderMonth = m.orderMonth
)
SELECT
  productLine,
  TO_CHAR(orderMonth, 'YYYY-MM') AS yearMonth,
  revenue,
  SUM(revenue) OVER (
    PARTITION BY productLine ORDER BY orderMonth ROWS BETWEEN 2 PRECEDING AND CURRENT ROW
  ) AS threeMonthRevenue,
  SUM(revenue) OVER (
    PARTITION BY productLine, EXTRACT(year FROM orderMonth)
    ORDER BY orderMonth
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS yearToDateRevenue
FROM complete
ORDER BY productLine, orderMonth
