-- The vector database: model versions, their vectors, and what shoppers do now. Run by set-up and by embeddings.sql;
-- may be run again at any time. Needs the master user (or the owner of the database).
--
-- A version has tables of its own, item_vectors_<version> and user_vectors_<version>. item_emb and user_emb are views of
-- the live one. Switching is one short transaction; a process that holds another version's vectors notices by
-- model_versions and never mixes two.
--
-- Search follows Bachrach et al. 2014, "Speeding up the Xbox recommender system using a Euclidean transformation for
-- inner-product spaces": score(user, item) = u.v + weight x recency is an inner product of 33 dimensions; a 34th that
-- brings every item to the same length makes the cosine order equal to the score's order, which HNSW finds well. The vectors
-- are scaled so that users' numbers are as large as the recency's weight: then two items are as far apart as users'
-- scores of them differ, and the graph leads where queries go.

CREATE EXTENSION IF NOT EXISTS vector;

-- Groups hold the rights; users (see roles.py) are members of one.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['recs_owner', 'recs_reader', 'recs_writer'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
        IF NOT pg_has_role(current_user, wanted, 'SET') OR NOT pg_has_role(current_user, wanted, 'USAGE') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER WITH INHERIT TRUE, SET TRUE', wanted);
        END IF;
    END LOOP;
END $$;
GRANT USAGE ON SCHEMA public TO recs_reader, recs_writer;
GRANT USAGE, CREATE ON SCHEMA public TO recs_owner;

-- One row a model version; at most one is live.
CREATE TABLE IF NOT EXISTS model_versions (
    version         text PRIMARY KEY CHECK (version ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'),
    suffix          text NOT NULL UNIQUE,       -- of its tables' names
    state           text NOT NULL CHECK (state IN ('loading', 'ready', 'live', 'retired', 'rolled_back', 'dropped')),
    dimensions      integer NOT NULL DEFAULT 32,
    recency_weight  real NOT NULL DEFAULT 0,
    search_scale    real NOT NULL DEFAULT 1,    -- vectors in `search` are so many times the trained ones
    items           bigint,
    users           bigint,
    index_kind      text CHECK (index_kind IN ('exact', 'hnsw')),
    ef_search       integer,                    -- HNSW: the least that reached the floor
    recall          real,                       -- at 20, against the exact answer, measured when it was loaded
    recall_floor    real,
    in_lake         boolean NOT NULL DEFAULT false, -- models/<version>/model.npz exists; else vectors are all there is
    details         jsonb NOT NULL DEFAULT '{}',
    loaded_at       timestamptz NOT NULL DEFAULT now(),
    live_since      timestamptz
);
CREATE UNIQUE INDEX IF NOT EXISTS model_versions_one_live ON model_versions (state) WHERE state = 'live';

-- One row a switch, for people who ask what served when.
CREATE TABLE IF NOT EXISTS model_switches (
    switch_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    switched_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    version      text NOT NULL,
    previous     text,
    reason       text NOT NULL
);

-- One row a session: which of its events is the latest.
CREATE TABLE IF NOT EXISTS recent_sessions (
    session_id  text PRIMARY KEY,
    shopper     text NOT NULL,
    event_time  timestamptz NOT NULL,
    event_id    text NOT NULL
);
CREATE INDEX IF NOT EXISTS recent_sessions_by_time ON recent_sessions (event_time);

-- One row a product in the latest event of a session.
CREATE TABLE IF NOT EXISTS recent_interactions (
    shopper     text NOT NULL,                  -- customer:<number>, or session:<id>
    product     text NOT NULL,
    weight      real NOT NULL,
    event_time  timestamptz NOT NULL,
    event_id    text NOT NULL,
    in_cart     boolean NOT NULL DEFAULT false,
    session_id  text NOT NULL,
    UNIQUE (event_id, product)
);
CREATE INDEX IF NOT EXISTS recent_interactions_by_shopper ON recent_interactions (shopper, event_time DESC);
CREATE INDEX IF NOT EXISTS recent_interactions_by_session ON recent_interactions (session_id);

-- Before the first model the views are empty.
DO $$
BEGIN
    IF to_regclass('public.item_emb') IS NULL THEN
        CREATE VIEW item_emb AS SELECT NULL::text AS id, NULL::vector(32) AS embedding WHERE false;
    END IF;
    IF to_regclass('public.user_emb') IS NULL THEN
        CREATE VIEW user_emb AS SELECT NULL::bigint AS id, NULL::vector(32) AS embedding WHERE false;
    END IF;
END $$;

-- Start a version: its row and its empty tables. What an earlier try left behind goes.
CREATE OR REPLACE FUNCTION recs_begin(p_version text, p_recency_weight double precision,
    p_search_scale double precision, p_in_lake boolean, p_details jsonb)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    s text := regexp_replace(lower(p_version), '[^a-z0-9]', '_', 'g');
    held text := (SELECT state FROM model_versions WHERE version = p_version);
BEGIN
    IF held IN ('ready', 'live', 'retired', 'rolled_back') THEN
        RAISE EXCEPTION 'Version % is % already.', p_version, held
            USING HINT = 'Make it live with `retail switch-version`, or load another.', ERRCODE = 'duplicate_object';
    END IF;
    DELETE FROM model_versions WHERE version = p_version;
    INSERT INTO model_versions (version, suffix, state, recency_weight, search_scale, in_lake, details)
    VALUES (p_version, s, 'loading', p_recency_weight, p_search_scale, p_in_lake, p_details);
    EXECUTE format('DROP TABLE IF EXISTS %I, %I', 'item_vectors_' || s, 'user_vectors_' || s);
    EXECUTE format('CREATE TABLE %I (
        id text NOT NULL, position integer NOT NULL, embedding vector(32) NOT NULL, recency real NOT NULL,
        popularity real NOT NULL, product_line text NOT NULL, price double precision, in_stock boolean NOT NULL,
        search vector(34) NOT NULL)', 'item_vectors_' || s);
    EXECUTE format('CREATE TABLE %I (id bigint NOT NULL, embedding vector(32) NOT NULL)', 'user_vectors_' || s);
    EXECUTE format('ALTER TABLE %I OWNER TO recs_owner', 'item_vectors_' || s);
    EXECUTE format('ALTER TABLE %I OWNER TO recs_owner', 'user_vectors_' || s);
    EXECUTE format('GRANT SELECT ON %I, %I TO recs_reader', 'item_vectors_' || s, 'user_vectors_' || s);
    RETURN s;
END $$;

-- Keys, and above p_exact items HNSW with the smallest ef_search whose recall reaches the floor; refused when none does.
CREATE OR REPLACE FUNCTION recs_finish(p_version text, p_exact bigint DEFAULT 100000, p_queries integer DEFAULT 200)
RETURNS real LANGUAGE plpgsql AS $$
DECLARE
    s text := (SELECT suffix FROM model_versions WHERE version = p_version AND state = 'loading');
    n bigint;
    m bigint;
    found_recall real := 1;
    found_ef integer;
BEGIN
    IF s IS NULL THEN
        RAISE EXCEPTION 'Version % is not being loaded.', p_version USING HINT = 'Start with recs_begin.';
    END IF;
    EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY (id)', 'item_vectors_' || s);
    EXECUTE format('CREATE UNIQUE INDEX ON %I (position)', 'item_vectors_' || s);
    EXECUTE format('CREATE INDEX ON %I (product_line)', 'item_vectors_' || s);
    EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY (id)', 'user_vectors_' || s);
    EXECUTE format('SELECT count(*) FROM %I', 'item_vectors_' || s) INTO n;
    EXECUTE format('SELECT count(*) FROM %I', 'user_vectors_' || s) INTO m;
    IF n = 0 THEN
        RAISE EXCEPTION 'Version % has no items.', p_version USING HINT = 'Export the embeddings again.';
    END IF;
    UPDATE model_versions
    SET items = n, users = m, index_kind = CASE WHEN n > p_exact THEN 'hnsw' ELSE 'exact' END,
        recall_floor = CASE WHEN n <= 500000 THEN 0.99 ELSE 0.95 END
    WHERE version = p_version;
    IF n > p_exact THEN
        EXECUTE format('CREATE INDEX %I ON %I USING hnsw (search vector_cosine_ops) WITH (m = 16, ef_construction = 100)',
            'item_search_' || s, 'item_vectors_' || s);
    END IF;
    EXECUTE format('ANALYZE %I', 'item_vectors_' || s);
    EXECUTE format('ANALYZE %I', 'user_vectors_' || s);
    IF n > p_exact THEN
        SELECT r.ef, r.recall INTO found_ef, found_recall FROM recs_recall(p_version, p_queries) AS r
        ORDER BY r.ef DESC LIMIT 1;
        IF found_recall < (SELECT recall_floor FROM model_versions WHERE version = p_version) THEN
            -- Lengths that vary much make a catalogue hard to walk through: a denser graph, three times as dear to build.
            EXECUTE format('DROP INDEX %I', 'item_search_' || s);
            EXECUTE format('CREATE INDEX %I ON %I USING hnsw (search vector_cosine_ops)
                WITH (m = 32, ef_construction = 300)', 'item_search_' || s, 'item_vectors_' || s);
            SELECT r.ef, r.recall INTO found_ef, found_recall FROM recs_recall(p_version, p_queries) AS r
            ORDER BY r.ef DESC LIMIT 1;
        END IF;
        IF found_recall < (SELECT recall_floor FROM model_versions WHERE version = p_version) THEN
            RAISE EXCEPTION 'Version % finds % of the true neighbours of its % items; the floor is %.', p_version,
                round(found_recall::numeric, 4), n,
                (SELECT recall_floor FROM model_versions WHERE version = p_version)
                USING HINT = 'Train it with vectors of less different lengths, or load it with a larger exact limit.';
        END IF;
    END IF;
    UPDATE model_versions SET state = 'ready', recall = found_recall, ef_search = found_ef WHERE version = p_version;
    RETURN found_recall;
END $$;

-- Recall at p_k of the version's HNSW index against the exact answer, for ever larger ef_search until the floor is
-- passed by a fifth of what is left above it: these are but some users, and others must find as much. Users are the queries; items when there are no users. An item as near as the k-th exact one counts.
CREATE OR REPLACE FUNCTION recs_recall(p_version text, p_queries integer, p_k integer DEFAULT 20)
RETURNS TABLE (ef integer, recall real) LANGUAGE plpgsql AS $$
DECLARE
    v model_versions;
    probe text;
BEGIN
    SELECT * INTO STRICT v FROM model_versions AS known WHERE known.version = p_version;
    DROP TABLE IF EXISTS pg_temp.recs_probe;
    -- As serving asks: the user's vector at the scale of its own scores (its spread over a sample of the items).
    probe := CASE WHEN v.users > 0
        THEN format('SELECT (embedding * array_fill((1 / spread / %s)::real, ARRAY[32])::vector) || ARRAY[%s, 0]::vector AS q
            FROM (SELECT u.embedding, (SELECT stddev_pop(u.embedding <#> i.embedding) FROM %I AS i
                  WHERE i.position %% greatest(1, %s / 1000) = 0) AS spread
                  FROM %I AS u ORDER BY hashint8(u.id) LIMIT %s) AS scaled WHERE spread > 1e-9',
            v.search_scale, v.recency_weight, 'item_vectors_' || v.suffix, v.items, 'user_vectors_' || v.suffix, p_queries)
        ELSE format('SELECT embedding || ARRAY[0, 0]::vector AS q FROM %I ORDER BY hashtext(id) LIMIT %s',
            'item_vectors_' || v.suffix, p_queries) END;
    PERFORM set_config('enable_indexscan', 'off', true);
    EXECUTE format('CREATE TEMP TABLE recs_probe AS
        SELECT p.q, (SELECT max(d) FROM (SELECT i.search <=> p.q AS d FROM %I AS i ORDER BY 1 LIMIT %s) AS near) AS kth
        FROM (%s) AS p', 'item_vectors_' || v.suffix, p_k, probe);
    PERFORM set_config('enable_indexscan', 'on', true), set_config('enable_seqscan', 'off', true);
    FOREACH ef IN ARRAY ARRAY[40, 80, 120, 200, 300, 400, 600, 800, 1000] LOOP
        PERFORM set_config('hnsw.ef_search', ef::text, true);
        EXECUTE format('SELECT avg((SELECT count(*) FILTER (WHERE d <= p.kth + 1e-7) FROM
            (SELECT i.search <=> p.q AS d FROM %I AS i ORDER BY i.search <=> p.q LIMIT %s) AS near))
            / least(%s, %s)::real FROM recs_probe AS p', 'item_vectors_' || v.suffix, p_k, p_k, v.items) INTO recall;
        RETURN NEXT;
        EXIT WHEN recall >= v.recall_floor + (1 - v.recall_floor) / 5;
    END LOOP;
    PERFORM set_config('enable_seqscan', 'on', true);
    DROP TABLE recs_probe;
END $$;

-- Make a version live: views, journal and state in the caller's one transaction.
CREATE OR REPLACE FUNCTION recs_switch(p_version text, p_reason text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    s text;
    before text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('recs switch'));
    SELECT suffix INTO s FROM model_versions
    WHERE version = p_version AND state IN ('ready', 'live', 'retired', 'rolled_back');
    IF s IS NULL THEN
        RAISE EXCEPTION 'Version % is not loaded.', p_version
            USING HINT = 'Load it with `retail load-vectors`.', ERRCODE = 'undefined_object';
    END IF;
    SELECT version INTO before FROM model_versions WHERE state = 'live';
    IF before = p_version THEN
        RETURN before;
    END IF;
    PERFORM set_config('lock_timeout', '5s', true);
    EXECUTE format('CREATE OR REPLACE VIEW item_emb AS SELECT id, embedding FROM %I', 'item_vectors_' || s);
    EXECUTE format('CREATE OR REPLACE VIEW user_emb AS SELECT id, embedding FROM %I', 'user_vectors_' || s);
    UPDATE model_versions SET state = 'retired' WHERE state = 'live';
    UPDATE model_versions SET state = 'live', live_since = clock_timestamp() WHERE version = p_version;
    INSERT INTO model_switches (version, previous, reason) VALUES (p_version, before, p_reason);
    RETURN before;
END $$;

-- Back to the version that was live before; the present one is not returned to by the next rollback. The new live one.
CREATE OR REPLACE FUNCTION recs_rollback(p_reason text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    present text := (SELECT version FROM model_versions WHERE state = 'live');
    target text := (SELECT version FROM model_versions WHERE state = 'retired' ORDER BY live_since DESC LIMIT 1);
BEGIN
    IF target IS NULL THEN
        RAISE EXCEPTION 'There is no earlier version to return to.'
            USING HINT = 'Load one with `retail load-vectors --version`.', ERRCODE = 'undefined_object';
    END IF;
    PERFORM recs_switch(target, p_reason);
    UPDATE model_versions SET state = 'rolled_back' WHERE version = present;
    RETURN target;
END $$;

-- Drop the vectors of all but the live version and the p_keep last ones, and what shoppers did before p_days.
CREATE OR REPLACE FUNCTION recs_prune(p_keep integer DEFAULT 2, p_days integer DEFAULT 30) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    old record;
    dropped integer := 0;
BEGIN
    PERFORM set_config('lock_timeout', '5s', true);
    FOR old IN
        SELECT version, suffix FROM model_versions WHERE state IN ('ready', 'retired', 'rolled_back')
        ORDER BY coalesce(live_since, loaded_at) DESC OFFSET p_keep
    LOOP
        EXECUTE format('DROP TABLE %I, %I', 'item_vectors_' || old.suffix, 'user_vectors_' || old.suffix);
        UPDATE model_versions SET state = 'dropped' WHERE version = old.version;
        dropped := dropped + 1;
    END LOOP;
    DELETE FROM recent_interactions WHERE event_time < now() - make_interval(days => p_days);
    DELETE FROM recent_sessions WHERE event_time < now() - make_interval(days => p_days);
    RETURN dropped;
END $$;

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['model_versions', 'model_switches', 'recent_sessions', 'recent_interactions'] LOOP
        EXECUTE format('ALTER TABLE %I OWNER TO recs_owner', owned);
    END LOOP;
    ALTER VIEW item_emb OWNER TO recs_owner;
    ALTER VIEW user_emb OWNER TO recs_owner;
END $$;
GRANT SELECT ON model_versions, model_switches, item_emb, user_emb, recent_sessions, recent_interactions TO recs_reader;
GRANT SELECT ON model_versions TO recs_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON recent_sessions, recent_interactions TO recs_writer;
REVOKE EXECUTE ON FUNCTION recs_begin, recs_finish, recs_recall, recs_switch, recs_rollback, recs_prune FROM PUBLIC;
GRANT EXECUTE ON FUNCTION recs_begin, recs_finish, recs_recall, recs_switch, recs_rollback, recs_prune TO recs_owner;
