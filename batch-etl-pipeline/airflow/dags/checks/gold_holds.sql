-- Whether gold was audited in an hour, and whether every check of it passed. One row; a false value fails the task.
SELECT
  COUNT(*) > 0 AS was_audited,
  COALESCE(BOOL_AND(q.passed), FALSE) AS every_check_passed
FROM {{ var.value.get('retail_project', 'retail') }}_gold.quality_results AS q
WHERE q.runId = 'hourly-{{ data_interval_start | ts_nodash }}-silver-to-gold'
