-- Pareto (ABC) of products
-- One row a product that was sold, the best first: its revenue, the share of all revenue that it and those above it
-- have together, and its class: A up to 80 percent, B up to 95, C the rest. The product that crosses a border still
-- belongs to the class above it. Cancelled orders are left out.
WITH product_sales AS (
  SELECT productCode, SUM(orderAmount) AS revenue
  FROM retail_gold.fact_orders
  WHERE status <> 'Cancelled' OR status IS NULL
  GROUP BY productCode
),
ranked AS (
  SELECT
    productCode,
    revenue,
    ROW_NUMBER() OVER (ORDER BY revenue DESC, productCode) AS place,
    SUM(revenue) OVER (
      ORDER BY revenue DESC, productCode ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS revenueSoFar,
    SUM(revenue) OVER () AS allRevenue
  FROM product_sales
)
SELECT
  r.place,
  r.productCode,
  p.productName,
  p.productLine,
  r.revenue,
  CAST(
    CAST(100 * r.revenueSoFar AS DECIMAL(22, 6)) / CAST(r.allRevenue AS DECIMAL(18, 2)) AS DECIMAL(9, 2)
  ) AS cumulativePercent,
  CASE
    WHEN 100 * (r.revenueSoFar - r.revenue) < 80 * r.allRevenue THEN 'A'
    WHEN 100 * (r.revenueSoFar - r.revenue) < 95 * r.allRevenue THEN 'B'
    ELSE 'C'
  END AS class
FROM ranked AS r
JOIN retail_gold.dim_products AS p ON p.productCode = r.productCode
ORDER BY r.place
