-- Sales by country
-- One row a country with an order: customers who bought, orders, revenue and its share of all revenue in percent.
-- The country is the customer's. Revenue leaves cancelled orders out; cancelledRevenue shows them.
WITH country_sales AS (
  SELECT
    l.country,
    COUNT(DISTINCT CASE WHEN f.status IS DISTINCT FROM 'Cancelled' THEN f.customerNumber END) AS customers,
    COUNT(DISTINCT CASE WHEN f.status IS DISTINCT FROM 'Cancelled' THEN f.orderNumber END) AS orders,
    COALESCE(SUM(f.orderAmount) FILTER (WHERE f.status IS DISTINCT FROM 'Cancelled'), 0) AS revenue,
    COALESCE(SUM(f.orderAmount) FILTER (WHERE f.status = 'Cancelled'), 0) AS cancelledRevenue
  FROM retail_gold.fact_orders AS f
  JOIN retail_gold.dim_locations AS l ON l.locationKey = f.locationKey
  GROUP BY l.country
)
SELECT
  country,
  customers,
  orders,
  revenue,
  CAST(100 * revenue / NULLIF(SUM(revenue) OVER (), 0) AS DECIMAL(9, 2)) AS sharePercent,
  cancelledRevenue
FROM country_sales
ORDER BY revenue DESC, country
