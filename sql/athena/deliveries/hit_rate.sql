-- Hit rate
-- One row a model version and path: of the customers' events that were followed by a purchase within 30 days, how many
-- had the purchase among what was recommended, and at which place. Events younger than 30 days are still counted, so the
-- latest version looks worse than it will. Cancelled orders are no purchases; orders carry a day, not a time.
WITH events AS (
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
  SELECT DISTINCT events.event_id
  FROM events
  JOIN purchases
    ON purchases.customerNumber = events.customer_number
    AND purchases.orderDate BETWEEN events.day AND events.day + INTERVAL '30' DAY
),
recommended AS (
  SELECT events.event_id, events.customer_number, events.day, item.product_code, item.place
  FROM events
  CROSS JOIN UNNEST(events.recommended_items) WITH ORDINALITY AS item (product_code, score, reason, place)
),
hits AS (
  SELECT recommended.event_id, MIN(recommended.place) AS place, COUNT(DISTINCT recommended.product_code) AS items
  FROM recommended
  JOIN purchases
    ON purchases.customerNumber = recommended.customer_number
    AND purchases.productCode = recommended.product_code
    AND purchases.orderDate BETWEEN recommended.day AND recommended.day + INTERVAL '30' DAY
  GROUP BY recommended.event_id
)
SELECT
  events.model_version AS modelVersion,
  events.path,
  COUNT(*) AS events,
  COUNT(buyers.event_id) AS followedByPurchase,
  COUNT(hits.event_id) AS hits,
  CAST(100.0 * COUNT(hits.event_id) / NULLIF(COUNT(buyers.event_id), 0) AS DECIMAL(9, 2)) AS hitPercent,
  CAST(AVG(hits.place) AS DECIMAL(9, 1)) AS averagePlaceOfFirstHit
FROM events
LEFT JOIN buyers ON buyers.event_id = events.event_id
LEFT JOIN hits ON hits.event_id = events.event_id
GROUP BY events.model_version, events.path
ORDER BY events.model_version, events.path
