-- Who may do what in the warehouse: groups hold the rights, users are members of one. Run by set-up as the master user,
-- which owns the database; may be run again at any time. schema.sql makes what the groups have rights on.
--
-- warehouse_owner:   owns the tables; warehouse_loader loads them and adds the columns that a new version brings.
-- warehouse_readers: sees everything and changes nothing; warehouse_reader is what BI tools and analysts log in as.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['warehouse_owner', 'warehouse_readers'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
    END LOOP;
    IF NOT pg_has_role(current_user, 'warehouse_owner', 'SET') THEN
        GRANT warehouse_owner TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
    END IF;
    -- A plain table name means the warehouse's, in every tool.
    EXECUTE format('ALTER DATABASE %I SET search_path = warehouse, public', current_database());
    -- Temporary tables are what a load stages its rows in, and nobody else's.
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO warehouse_owner', current_database());
END $$;

CREATE SCHEMA IF NOT EXISTS warehouse;
GRANT USAGE, CREATE ON SCHEMA warehouse TO warehouse_owner;
GRANT USAGE ON SCHEMA warehouse TO warehouse_readers;
