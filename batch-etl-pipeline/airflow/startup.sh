# Environment of every Airflow process: MWAA's startup script, and read by ./run on this machine.
# Credentials, region and endpoint are AWS's own variables', on MWAA its execution role's.
export AIRFLOW_CONN_AWS_DEFAULT="${AIRFLOW_CONN_AWS_DEFAULT:-aws://}"
athena="work_group=${ATHENA_WORKGROUP:-retail-analytics}&region_name=${AWS_REGION:-us-east-1}"
export AIRFLOW_CONN_ATHENA_DEFAULT="${AIRFLOW_CONN_ATHENA_DEFAULT:-athena://?$athena}"
