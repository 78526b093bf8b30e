-- RDS's aws_s3.table_import_from_s3: COPY of an object in S3. It runs as the caller as far as the table's rights go, and
-- as the server's own user where it reads the object. Files beside the data folder say how objects are fetched
-- (s3-fetch) and which roles are associated with the instance (roles.json).

CREATE FUNCTION aws_s3._fetch_command(action TEXT, bucket TEXT, file_path TEXT)
RETURNS TEXT
LANGUAGE sql STABLE
SET search_path = pg_catalog
RETURN format(
    '%s %s %s',
    trim(pg_read_file(current_setting('data_directory') || '/../s3-fetch'), E'\n'),
    action,
    translate(encode(convert_to(json_build_array(bucket, file_path)::TEXT, 'UTF8'), 'base64'), E'\n', '')
);

CREATE FUNCTION aws_s3._check(acting NAME, target REGCLASS, column_list TEXT, options TEXT)
RETURNS VOID
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog
AS $$
DECLARE
    given TEXT := regexp_replace(column_list || ' ' || options, '''([^'']|'''')*''', '', 'g');
BEGIN
    IF NOT pg_has_role(session_user, acting, 'MEMBER') OR NOT has_any_column_privilege(acting, target, 'INSERT') THEN
        RAISE insufficient_privilege USING MESSAGE = format('permission denied for table %s', target);
    END IF;
    IF given ~* '(;|--|/\*|\mwhere\M|\$)' THEN
        RAISE syntax_error USING MESSAGE = 'the column list and the options may hold nothing but what COPY takes';
    END IF;
    IF coalesce(pg_read_file(current_setting('data_directory') || '/../roles.json', TRUE), '{}')::JSON ->> 's3Import' IS NULL THEN
        RAISE EXCEPTION 'Credentials stored with the database cluster can''t be accessed'
        USING HINT = 'Has the IAM role Amazon Resource Name (ARN) been associated with the feature-name "s3Import"?';
    END IF;
END $$;

CREATE FUNCTION aws_s3._import(
    acting NAME, target REGCLASS, column_list TEXT, options TEXT, bucket TEXT, file_path TEXT, OUT imported BIGINT, OUT size BIGINT
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found JSON;
BEGIN
    PERFORM aws_s3._check(acting, target, column_list, options);
    CREATE TEMPORARY TABLE IF NOT EXISTS aws_s3_answer (line TEXT) ON COMMIT DROP;
    DELETE FROM pg_temp.aws_s3_answer;
    EXECUTE format('COPY pg_temp.aws_s3_answer FROM PROGRAM %L', aws_s3._fetch_command('head', bucket, file_path));
    SELECT line::JSON INTO found FROM pg_temp.aws_s3_answer;
    IF (found ->> 'status')::INT <> 200 THEN
        RAISE EXCEPTION 'HTTP %. %', found ->> 'status', found ->> 'reason';
    END IF;
    EXECUTE format(
        'COPY %s %s FROM PROGRAM %L %s',
        target,
        CASE WHEN trim(column_list) = '' THEN '' ELSE '(' || column_list || ')' END,
        aws_s3._fetch_command('body', bucket, file_path),
        options
    );
    GET DIAGNOSTICS imported = ROW_COUNT;
    size := (found ->> 'size')::BIGINT;
END $$;

CREATE FUNCTION aws_s3.table_import_from_s3(
    table_name TEXT,
    column_list TEXT,
    options TEXT,
    bucket TEXT,
    file_path TEXT,
    region TEXT,
    access_key TEXT DEFAULT NULL,
    secret_key TEXT DEFAULT NULL,
    session_token TEXT DEFAULT NULL
)
RETURNS TEXT
LANGUAGE plpgsql
AS $$
DECLARE
    done RECORD;
BEGIN
    SELECT * INTO done FROM aws_s3._import(
        current_user, table_name::REGCLASS, coalesce(column_list, ''), coalesce(options, ''), bucket, file_path
    );
    RETURN format(
        '%s rows imported into relation "%s" from file %s of %s bytes', done.imported, table_name, file_path, done.size
    );
END $$;

CREATE FUNCTION aws_s3.table_import_from_s3(
    table_name TEXT,
    column_list TEXT,
    options TEXT,
    s3_info aws_commons._s3_uri_1,
    credentials aws_commons._aws_credentials_1 DEFAULT NULL
)
RETURNS TEXT
LANGUAGE sql
AS $$
    SELECT aws_s3.table_import_from_s3(
        table_name, column_list, options, s3_info.bucket, s3_info.file_path, s3_info.region,
        credentials.access_key, credentials.secret_key, credentials.session_token
    )
$$;
