-- Loads the exported embeddings from the lake and makes them live:
--     psql "$VECTOR_DB_URL" -f sql/pgvector/embeddings.sql
-- LAKE_BUCKET and AWS_REGION come from the environment. Keys: embeddings/current/item_embeddings.csv and
-- user_embeddings.csv (id,embedding). item_facts.csv and version.csv beside them say which trained version this is and
-- what search knows besides the vectors; without them, or when the vectors are others, it becomes a version of its own.
-- Readers keep the version that is live until the last statement, which is one transaction.
\set ON_ERROR_STOP on
\set QUIET on
\getenv lake_bucket LAKE_BUCKET
\getenv region AWS_REGION
\if :{?lake_bucket}
\else
DO $$ BEGIN RAISE EXCEPTION 'LAKE_BUCKET is not set.' USING HINT = 'Run eval "$(make -s env)" first.'; END $$;
\endif
\if :{?region}
\else
\set region us-east-1
\endif
SET client_min_messages = warning;
SELECT pg_advisory_lock(hashtext('recs load')) \g /dev/null

\ir schema.sql
CREATE EXTENSION IF NOT EXISTS aws_s3 CASCADE;

CREATE TEMP TABLE csv_items (id text, embedding text);
CREATE TEMP TABLE csv_users (id text, embedding text);
CREATE TEMP TABLE csv_facts (id text, position text, recency text, popularity text, product_line text, price text,
    in_stock text);
CREATE TEMP TABLE csv_version (version text, recency_weight text, search_scale text, digest text);

\echo reading item and user embeddings from :lake_bucket
SELECT aws_s3.table_import_from_s3('csv_items', 'id,embedding', '(FORMAT csv)',
    aws_commons.create_s3_uri(:'lake_bucket', 'embeddings/current/item_embeddings.csv', :'region')) \g /dev/null
SELECT aws_s3.table_import_from_s3('csv_users', 'id,embedding', '(FORMAT csv)',
    aws_commons.create_s3_uri(:'lake_bucket', 'embeddings/current/user_embeddings.csv', :'region')) \g /dev/null

-- The two that may be missing.
SELECT set_config('recs.bucket', :'lake_bucket', false), set_config('recs.region', :'region', false) \g /dev/null
DO $$
DECLARE
    bucket text := current_setting('recs.bucket');
    region text := current_setting('recs.region');
BEGIN
    PERFORM aws_s3.table_import_from_s3('csv_facts', '', '(FORMAT csv)',
        aws_commons.create_s3_uri(bucket, 'embeddings/current/item_facts.csv', region));
    PERFORM aws_s3.table_import_from_s3('csv_version', '', '(FORMAT csv)',
        aws_commons.create_s3_uri(bucket, 'embeddings/current/version.csv', region));
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'No version is written beside the embeddings (%); they become one of their own.', SQLERRM;
END $$;
DELETE FROM csv_items WHERE id = 'id';
DELETE FROM csv_users WHERE id = 'id';
ANALYZE csv_items;
ANALYZE csv_users;

BEGIN;
-- Which version this is: the one that version.csv names when its digest of the items is that of these.
CREATE TEMP TABLE csv_load AS
WITH content AS (
    SELECT md5(string_agg(md5(id || ':' || embedding), '' ORDER BY id COLLATE "C")) AS digest FROM csv_items
)
SELECT
    coalesce(named.version,
        to_char(now() AT TIME ZONE 'UTC', '"csv-"YYYYMMDD"T"HH24MISS"Z-"') || left(content.digest, 8)) AS version,
    coalesce(named.recency_weight::real, 0) AS recency_weight,
    coalesce(named.search_scale::double precision, 1) AS search_scale,
    named.version IS NOT NULL AS trained
FROM content LEFT JOIN csv_version AS named ON named.digest = content.digest;

DO $$
DECLARE
    load csv_load;
    s text;
    longest double precision;
BEGIN
    SELECT * INTO STRICT load FROM csv_load;
    IF EXISTS (SELECT 1 FROM model_versions WHERE version = load.version
               AND state IN ('ready', 'live', 'retired', 'rolled_back')) THEN
        RETURN; -- these very vectors are there
    END IF;
    s := recs_begin(load.version, load.recency_weight, load.search_scale, load.trained, '{"source": "embeddings.sql"}');
    SELECT max((i.embedding::vector(32) <#> i.embedding::vector(32)) * -1 * load.search_scale ^ 2
               + coalesce(f.recency::double precision, 0) ^ 2)
    INTO longest FROM csv_items AS i LEFT JOIN csv_facts AS f ON f.id = i.id AND load.trained;
    EXECUTE format('INSERT INTO %I
        SELECT v.id, coalesce(v.place, (row_number() OVER (ORDER BY v.id COLLATE "C") - 1)::integer), v.embedding,
            v.recency, v.popularity, v.product_line, v.price, v.in_stock,
            (v.embedding * array_fill($3::real, ARRAY[32])::vector) || ARRAY[v.recency,
                sqrt(greatest(0, $1 + (v.embedding <#> v.embedding) * $3 ^ 2 - v.recency ^ 2))]::vector
        FROM (
            SELECT i.id, i.embedding::vector(32) AS embedding, f.position::integer AS place,
                coalesce(f.recency::real, 0) AS recency, coalesce(f.popularity::real, 0) AS popularity,
                coalesce(f.product_line, '''') AS product_line, f.price::double precision AS price,
                coalesce(f.in_stock::boolean, true) AS in_stock
            FROM csv_items AS i LEFT JOIN csv_facts AS f ON f.id = i.id AND $2
        ) AS v', 'item_vectors_' || s) USING longest, load.trained, load.search_scale;
    EXECUTE format('INSERT INTO %I SELECT id::bigint, embedding::vector(32) FROM csv_users', 'user_vectors_' || s);
    PERFORM recs_finish(load.version);
END $$;
COMMIT;

-- The switch: one transaction.
SELECT recs_switch((SELECT version FROM csv_load), 'loaded by embeddings.sql') \g /dev/null
SELECT version, items, users, index_kind AS index, recall FROM model_versions WHERE state = 'live';
