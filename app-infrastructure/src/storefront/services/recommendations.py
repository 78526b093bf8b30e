"""What retail-inference recommends, within a budget; the catalogue's best sellers when it does not answer in time."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ValidationError

from storefront.errors import RecommendationsError
from storefront.metrics import Metrics
from storefront.services.aws import Parameters
from storefront.settings import Patience

logger = logging.getLogger(__name__)
_THREADS = 16
_REMEMBERED = 2_000


class Item(BaseModel):
    """One recommended product."""

    product_code: str
    score: float = 0.0
    reason: str = ""


class Answer(BaseModel):
    """Of the function's answer what a page shows."""

    items: list[Item]
    path: str
    model_version: str | None = None


@dataclass(frozen=True)
class Question:
    """One request of the inference API."""

    method: str
    path: str
    query: Mapping[str, str]
    body: str | None = None

    @property
    def fresh_seconds(self) -> float:
        """How long an answer is: a shopper who reloads asks the same; what is like a product, or popular, is the same
        for everybody until another model goes live."""
        return 3.0 if self.body else 60.0

    @classmethod
    def for_shopper(cls, profile: Mapping[str, Any], limit: int) -> Question:
        """Items for a profile {customer_number?, session_id?, city?, country?, credit_limit?, browse_history?}."""
        return cls("POST", "/items_from_user", {"limit": str(limit)}, json.dumps(profile, sort_keys=True))

    @classmethod
    def like(cls, product_code: str, limit: int) -> Question:
        return cls("GET", f"/items/{quote(product_code, safe='')}/similar", {"limit": str(limit)})

    def payload(self, request_id: str) -> dict[str, Any]:
        """As a function URL would send it (payload format 2.0)."""
        return {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": self.path,
            "rawQueryString": urlencode(self.query),
            "queryStringParameters": dict(self.query),
            "headers": {"content-type": "application/json", "x-request-id": request_id},
            "requestContext": {
                "stage": "$default",
                "requestId": request_id,
                "http": {"method": self.method, "path": self.path},
            },
            "body": self.body,
            "isBase64Encoded": False,
        }


POPULAR = Question("GET", "/popular", {"limit": "8"})


class Recommender:
    """Asks the function by SDK; `client` is boto3's lambda client, hasty enough not to outlive the budget by much."""

    def __init__(self, client: Any, parameters: Parameters, metrics: Metrics, patience: Patience | None = None) -> None:
        self._client, self._parameters = client, parameters
        self._metrics, self._patience = metrics, patience or Patience()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="recommendations")
        self._asked_again_at = 0.0
        self._remembered: OrderedDict[tuple[object, ...], tuple[float, Answer]] = OrderedDict()
        self._failing = False

    async def ask(self, question: Question, request_id: str, *, anew: bool = False) -> Answer:
        """The function's answer, `anew` when the one that is remembered for some seconds will not do.

        Raises RecommendationsError within the budget, at once after a fresh failure.
        """
        key = (question.method, question.path, tuple(question.query.items()), question.body)
        now = time.monotonic()
        held = self._remembered.get(key)
        if held is not None and held[0] > now and not anew:
            return held[1]
        if now < self._asked_again_at:
            raise RecommendationsError("The function failed a moment ago.", "Show what is popular.")
        if self._failing:
            # One question finds out whether it is back: a crowd of them would keep a starting function from it.
            self._asked_again_at = now + self._patience.pause
        try:
            answer = await self._within_budget(question, request_id)
        except RecommendationsError as problem:
            self._note_failure(problem)
            raise
        self._note_answer(answer)
        self._remember(key, answer, question.fresh_seconds)
        return answer

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _note_failure(self, problem: RecommendationsError) -> None:
        """Told once, not for each page that falls back."""
        if not self._failing:
            logger.warning("Recommendations fall back to best sellers: %s", problem.message)
        self._failing = True
        self._asked_again_at = time.monotonic() + self._patience.pause
        self._metrics.failed.labels("recommendations").set_to_current_time()

    def _note_answer(self, answer: Answer) -> None:
        if self._failing:
            logger.info("Recommendations are back.")
        self._failing, self._asked_again_at = False, 0.0
        self._metrics.answered.labels("recommendations").set_to_current_time()
        if answer.model_version:
            self._metrics.model.labels(answer.model_version).set_to_current_time()

    async def _within_budget(self, question: Question, request_id: str) -> Answer:
        asked = asyncio.get_running_loop().run_in_executor(self._threads, self._invoke, question, request_id)
        try:
            return await asyncio.wait_for(asked, self._patience.recommendations)
        except TimeoutError as late:
            raise RecommendationsError("The function took too long.", "Show what is popular.") from late

    def _invoke(self, question: Question, request_id: str) -> Answer:
        function = self._parameters.get("inference/function_name")
        if not function:
            raise RecommendationsError("No recommendation function is there yet.", "Show what is popular.")
        context = base64.b64encode(json.dumps({"custom": {"request_id": request_id}}).encode()).decode()
        try:
            response = self._client.invoke(
                FunctionName=function,
                Payload=json.dumps(question.payload(request_id)).encode(),
                ClientContext=context,
            )
            payload = json.loads(response["Payload"].read())
            if response.get("FunctionError") or payload.get("statusCode") != 200:
                raise RecommendationsError(f"{function} answered with an error.", f"See /aws/lambda/{function}.")
            return Answer.model_validate_json(payload["body"])
        except (BotoCoreError, ClientError, OSError) as problem:
            raise RecommendationsError(f"{function} cannot be asked: {problem}.", "Show what is popular.") from problem
        except (ValueError, KeyError, AttributeError, ValidationError) as problem:
            raise RecommendationsError(f"{function} answered nonsense.", f"See /aws/lambda/{function}.") from problem

    def _remember(self, key: tuple[object, ...], answer: Answer, seconds: float) -> None:
        self._remembered[key] = (time.monotonic() + seconds, answer)
        self._remembered.move_to_end(key)
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
