-- Deliveries by day
-- One row a day, path and model version: events answered, sessions, how long the lists were, how many products they
-- showed. A day without the trained paths is a day on which the database or the model could not be reached.
WITH lists AS (
  SELECT
    delivered_on,
    path,
    model_version,
    session_id,
    TRANSFORM(recommended_items, item -> item.product_code) AS products
  FROM retail_gold.recommendations
)
SELECT
  delivered_on AS day,
  path,
  model_version AS modelVersion,
  COUNT(*) AS events,
  COUNT(DISTINCT session_id) AS sessions,
  CAST(AVG(CARDINALITY(products)) AS DECIMAL(9, 1)) AS itemsAnEvent,
  CARDINALITY(ARRAY_DISTINCT(FLATTEN(ARRAY_AGG(products)))) AS products
FROM lists
GROUP BY delivered_on, path, model_version
ORDER BY delivered_on, path, model_version
