"""Redshift's statements about external schemas: CREATE EXTERNAL SCHEMA, DROP SCHEMA, GRANT and REVOKE USAGE."""

from __future__ import annotations

import re

from local_aws.services.redshift_schemas import SchemasOfDatabase, StatementError, User, not_here
from local_aws.settings import REGION

_NAME = r'(?:"(?P<quoted>[^"]+)"|(?P<plain>[a-z_][\w$]*))'
_CREATE = re.compile(
    rf"CREATE\s+EXTERNAL\s+SCHEMA\s+(?P<tolerant>IF\s+NOT\s+EXISTS\s+)?{_NAME}\s+FROM\s+DATA\s+CATALOG\s+"
    r"DATABASE\s+'(?P<database>[^']+)'(?:\s+REGION\s+'(?P<region>[^']+)')?\s+"
    r"IAM_ROLE\s+(?:'(?P<role>[^']+)'|(?P<default>DEFAULT))(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_DROP = re.compile(
    rf"DROP\s+SCHEMA\s+(?P<tolerant>IF\s+EXISTS\s+)?{_NAME}(?P<external>\s+DROP\s+EXTERNAL\s+DATABASE)?"
    r"(?:\s+(?:CASCADE|RESTRICT))?",
    re.IGNORECASE,
)
_ALLOW = re.compile(
    rf"(?P<verb>GRANT|REVOKE)\s+USAGE\s+ON\s+SCHEMA\s+{_NAME}\s+(?:TO|FROM)\s+"
    r'(?:(?P<public>PUBLIC)|"(?P<exact>[^"]+)"|(?P<user>[a-z_][\w$]*))',
    re.IGNORECASE,
)
_COMMANDS = re.compile(r"CREATE\s+EXTERNAL\s+SCHEMA\b|DROP\s+SCHEMA\b|(?:GRANT|REVOKE)\b", re.IGNORECASE)
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def obey(sql: str, schemas: SchemasOfDatabase, user: User, parameters: dict[str, str]) -> str | None:
    """Do a statement of these, and return the schema's name; None when it is another kind. Raises StatementError."""
    text = _COMMENTS.sub(" ", sql).strip().rstrip(";").strip()
    if not _COMMANDS.match(text):
        return None
    if parameters:
        raise StatementError("parameters are for queries only")
    for pattern, act in ((_CREATE, _create), (_DROP, _drop), (_ALLOW, _allow)):
        if found := pattern.fullmatch(text):
            act(found, schemas, user)
            return _name(found)
    word = " ".join(text.split()[:3])
    raise not_here(
        f'this form of "{word} …": CREATE EXTERNAL SCHEMA … FROM DATA CATALOG DATABASE … IAM_ROLE …, '
        "DROP SCHEMA and USAGE ON SCHEMA are what it knows"
    )


def _name(found: re.Match[str]) -> str:
    return str(found["quoted"] or found["plain"]).lower()


def _create(found: re.Match[str], schemas: SchemasOfDatabase, user: User) -> None:
    if rest := found["rest"].strip():
        raise not_here(f'"{rest}" in CREATE EXTERNAL SCHEMA')
    if found["region"] and found["region"] != REGION:
        raise not_here(f"a Data Catalog of another region ({found['region']})")
    if found["default"]:
        raise not_here("IAM_ROLE default: name the role")
    database = found["database"].lower()
    schemas.create(_name(found), database, found["role"], user, tolerant=bool(found["tolerant"]))


def _drop(found: re.Match[str], schemas: SchemasOfDatabase, user: User) -> None:
    if found["external"]:
        raise not_here("DROP EXTERNAL DATABASE: the Data Catalog's databases are Terraform's")
    schemas.drop(_name(found), user, tolerant=bool(found["tolerant"]))


def _allow(found: re.Match[str], schemas: SchemasOfDatabase, user: User) -> None:
    grantee = "PUBLIC" if found["public"] else str(found["exact"] or found["user"])
    schemas.allow(_name(found), grantee, user, revoke=found["verb"].upper() == "REVOKE")
