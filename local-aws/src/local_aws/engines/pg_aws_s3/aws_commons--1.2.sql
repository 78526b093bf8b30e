-- The types and constructors of RDS's aws_commons that name an object in S3 and credentials for it.
CREATE TYPE aws_commons._s3_uri_1 AS (bucket TEXT, file_path TEXT, region TEXT);
CREATE TYPE aws_commons._aws_credentials_1 AS (access_key TEXT, secret_key TEXT, session_token TEXT);

CREATE FUNCTION aws_commons.create_s3_uri(s3_bucket TEXT, s3_key TEXT, aws_region TEXT)
RETURNS aws_commons._s3_uri_1
LANGUAGE sql IMMUTABLE
RETURN ROW (s3_bucket, s3_key, aws_region)::aws_commons._s3_uri_1;

CREATE FUNCTION aws_commons.create_aws_credentials(access_key TEXT, secret_key TEXT, session_token TEXT)
RETURNS aws_commons._aws_credentials_1
LANGUAGE sql IMMUTABLE
RETURN ROW (access_key, secret_key, session_token)::aws_commons._aws_credentials_1;
