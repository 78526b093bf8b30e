-- Hit rate
-- One row a model version and path: of the customers' events that were followed by a purchase within 30 days, how many
-- had the purchase among what was recommended, and at which place. Events younger than 30 days are still counted, so the
-- latest version looks worse than it will. Cancelled orders are no purchases; orders carry a day, not a time.
WITH shown AS (
  SELECT event_id, customer_number, CAST(event_time AS DATE) AS day, model_version, path, recommended_items
  FROM retail_gold.recommendations
  WHERE customer_number IS NOT NULL
),
purchases AS (
  SELECT DISTINCT customerNumber, productCode, orderDate
  FROM retail_gold.fact_orders
  WHERE status IS DISTINCT FROM 'Cancelled'
),
buyers AS (
  SELECT DISTINCT shown.event_id
  FROM shown
  JOIN purchases
    ON purchases.customerNumber = shown.customer_number
    AND purchases.orderDate BETWEEN shown.day AND shown.day + INTERVAL '30' DAY
),
recommended AS (
  SELECT shown.event_id, shown.customer_number, shown.day, item.product_code, item.place
  FROM shown
  CROSS JOIN UNNEST(shown.recommended_items) WITH ORDINALITY AS item (product_code, score, reason, place)
),
hits AS (
  SELECT recommended.event_id, MIN(recommended.place) AS place
  FROM recommended
  JOIN purchases
    ON purchases.customerNumber = recommended.customer_number
    AND purchases.productCode = recommended.product_code
    AND purchases.orderDate BETWEEN recommended.day AND recommended.day + INTERVAL '30' DAY
  GROUP BY recommended.event_id
)
SELECT
  shown.model_version AS modelVersion,
  shown.path,
  COUNT(*) AS events,
  COUNT(buyers.event_id) AS followedByPurchase,
  COUNT(hits.event_id) AS hits,
  CAST(100.0 * COUNT(hits.event_id) / NULLIF(COUNT(buyers.event_id), 0) AS DECIMAL(9, 2)) AS hitPercent,
  CAST(AVG(hits.place) AS DECIMAL(9, 1)) AS averagePlaceOfFirstHit
FROM shown
LEFT JOIN buyers ON buyers.event_id = shown.event_id
LEFT JOIN hits ON hits.event_id = shown.event_id
GROUP BY shown.model_version, shown.path
ORDER BY shown.model_version, shown.path
