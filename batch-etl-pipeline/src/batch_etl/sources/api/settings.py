"""The function's environment as one frozen value, checked before anything is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from batch_etl.errors import OptionError
from batch_etl.sources.api.fields import Fields

SOURCE = "transactions"
"""Name of what is fetched: the row in the cursor table, and the folder under api/ in the landing bucket."""


@dataclass(frozen=True)
class Endpoint:
    """The API: where it is, how it is asked for pages, and the secret that opens it; never the secret's value.

    secret_arn empty: the API is open. The header is `<auth_header>: <auth_scheme> <value of secret_field>`.
    """

    url: str
    secret_arn: str = ""
    secret_field: str = "api_token"  # noqa: S105 - a field's name
    auth_header: str = "authorization"
    auth_scheme: str = "Bearer"
    cursor_parameter: str = "cursor"
    limit_parameter: str = "limit"
    page_size: int = 500


@dataclass(frozen=True)
class ApiSettings:
    """retail-api-fetch. Environment:

    API_URL, API_SECRET_ARN, API_SECRET_FIELD, API_AUTH_HEADER, API_AUTH_SCHEME, API_CURSOR_PARAMETER,
    API_LIMIT_PARAMETER, API_PAGE_SIZE   the endpoint
    API_FIELDS ({})       names in its answers that differ from the storefront's, as a JSON object
    REREAD_HOURS (24)     how old a reading of everything may be before another one begins; 0: never read it all again
    CURSOR_TABLE, LANDING_BUCKET, LAKE_BUCKET
    """

    endpoint: Endpoint
    fields: Fields
    cursor_table: str
    landing_bucket: str
    lake_bucket: str
    reread_hours: int = 24

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> ApiSettings:
        """Raises OptionError, which names the variable."""
        required = ("API_URL", "CURSOR_TABLE", "LANDING_BUCKET", "LAKE_BUCKET")
        for name in required:
            if not environment.get(name):
                raise OptionError(name, None, "Set it in the function's environment; Terraform does.")
        place = urlsplit(environment["API_URL"])
        if place.scheme not in ("http", "https") or not place.hostname:
            raise OptionError(
                "API_URL", environment["API_URL"], "Give an address such as https://shop.example.com/api."
            )
        given = {
            name: environment.get(f"API_{name.upper()}", "")
            for name in ("secret_arn", "secret_field", "auth_header", "cursor_parameter", "limit_parameter")
        }
        return cls(
            endpoint=Endpoint(
                url=environment["API_URL"],
                auth_scheme=environment.get("API_AUTH_SCHEME", Endpoint.auth_scheme),
                page_size=_whole(environment, "API_PAGE_SIZE", Endpoint.page_size, least=1),
                **{name: value for name, value in given.items() if value},
            ),
            fields=Fields.from_json(environment.get("API_FIELDS") or "{}"),
            cursor_table=environment["CURSOR_TABLE"],
            landing_bucket=environment["LANDING_BUCKET"],
            lake_bucket=environment["LAKE_BUCKET"],
            reread_hours=_whole(environment, "REREAD_HOURS", cls.reread_hours),
        )


def _whole(environment: Mapping[str, str], name: str, default: int, least: int = 0) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdecimal()) or int(text) < least:
        raise OptionError(name, text, f"Set it to a whole number from {least} on.")
    return int(text)
