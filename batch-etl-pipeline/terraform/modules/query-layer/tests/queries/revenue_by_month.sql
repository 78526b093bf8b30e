-- Revenue by month.
-- One row a month; cancelled orders
-- are left out.
SELECT 1
FROM retail_gold.fact_orders
-- not part of the description
