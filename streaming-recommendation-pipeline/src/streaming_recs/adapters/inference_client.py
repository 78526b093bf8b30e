"""retail-inference as a caller with AWS credentials sees it: the function URL's payload, sent by SDK."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from streaming_recs.errors import RecommendationError


class InferenceFailedError(RecommendationError):
    """The function did not answer, or answered with an error."""


class InferenceClient:
    """GET requests to the function; `client` is boto3's lambda client."""

    def __init__(self, client: Any, function: str) -> None:
        self._client, self._function = client, function

    def get(self, path: str, **query: object) -> dict[str, Any]:
        """The body of an answer; raises InferenceFailedError with the API's own message and remedy."""
        texts = {name: str(value) for name, value in query.items()}
        request = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": urlencode(texts),
            "queryStringParameters": texts,
            "headers": {},
            "requestContext": {"stage": "$default", "http": {"method": "GET", "path": path}},
            "isBase64Encoded": False,
        }
        answer = self._client.invoke(FunctionName=self._function, Payload=json.dumps(request).encode())
        payload = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise InferenceFailedError(
                f"{self._function} failed: {payload.get('errorMessage', payload)}.",
                f"Its log group is /aws/lambda/{self._function}.",
            )
        body: dict[str, Any] = json.loads(payload["body"])
        if payload["statusCode"] >= 400:
            error = body["error"]
            raise InferenceFailedError(f"{path}: {error['message']}", error["remedy"], error["field"])
        return body
