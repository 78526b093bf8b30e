-- Year over year
-- One row a product line and year with an order: revenue, that of the year before, and the growth in percent, which is
-- empty where there is no year before. The rank is among the lines of the year. Cancelled orders are left out.
WITH yearly AS (
  SELECT
    p.productLine,
    CAST(EXTRACT(year FROM f.orderDate) AS INT) AS orderYear,
    COUNT(DISTINCT f.orderNumber) AS orders,
    SUM(f.orderAmount) AS revenue
  FROM retail_gold.fact_orders AS f
  JOIN retail_gold.dim_products AS p ON p.productCode = f.productCode
  WHERE f.status <> 'Cancelled' OR f.status IS NULL
  GROUP BY p.productLine, CAST(EXTRACT(year FROM f.orderDate) AS INT)
),
compared AS (
  SELECT
    productLine,
    orderYear,
    orders,
    revenue,
    CASE
      WHEN LAG(orderYear) OVER (PARTITION BY productLine ORDER BY orderYear) = orderYear - 1
        THEN LAG(revenue) OVER (PARTITION BY productLine ORDER BY orderYear)
    END AS revenueBefore,
    RANK() OVER (PARTITION BY orderYear ORDER BY revenue DESC) AS rankInYear
  FROM yearly
)
SELECT
  productLine,
  orderYear AS year,
  orders,
  revenue,
  revenueBefore,
  CAST(
    CAST(100 * (revenue - revenueBefore) AS DECIMAL(22, 6)) / NULLIF(CAST(revenueBefore AS DECIMAL(18, 2)), 0)
    AS DECIMAL(9, 2)
  ) AS growthPercent,
  rankInYear
FROM compared
ORDER BY productLine, year
