"""The source database: its schema, a deterministic generator, a loader of dumps, and the rotation of its users.

The Lambda imports `connection`, `errors` and `handlers` only: those need pymysql and boto3, nothing else.
"""
