-- Margin by product line
-- One row a product line: revenue less what the goods cost to buy, and that margin in percent of revenue.
-- Cancelled orders are left out. Reads the mart daily_sales, whose figures add up over days and countries.
SELECT
  s.productLine,
  SUM(s.quantity) AS quantity,
  SUM(s.revenue) AS revenue,
  SUM(s.cost) AS cost,
  SUM(s.margin) AS margin,
  CAST(100 * SUM(s.margin) / NULLIF(SUM(s.revenue), 0) AS DECIMAL(9, 2)) AS marginPercent
FROM retail_gold.daily_sales AS s
GROUP BY s.productLine
HAVING SUM(s.orderLines) > 0
ORDER BY margin DESC, productLine
