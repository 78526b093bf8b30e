"""Model versions on S3, in the lake bucket.

models/<version>/model.npz          everything a process needs, immutable
models/<version>/record.json        its metrics, its data, and what the promotion gate decided
models/registry.json                which version went live last: for training, and for processes that start while the
                                    database is down. The database's table model_versions is what decides; who makes a
                                    version live writes it here too, and so does the first process that serves it
embeddings/<version>/…, embeddings/current/…
    item_embeddings.csv, user_embeddings.csv   id,embedding
    item_facts.csv                             what search knows of an item besides its vector
    version.csv                                version, recency weight, scale of the index, digest of the items;
                                               written last
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from streaming_recs.adapters.search import search_scale
from streaming_recs.errors import ModelMissingError
from streaming_recs.model.version import ModelFormatError, ModelVersion

if TYPE_CHECKING:
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)
REGISTRY = "models/registry.json"


class ModelStore:
    """`client` is an S3 client, `bucket` the lake's."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def load(self, version: str) -> ModelVersion:
        """Raises ModelMissingError when there is no such model or its bytes are none."""
        key = model_key(version)
        content = self._read(key)
        if content is None:
            raise ModelMissingError(
                f"s3://{self._bucket}/{key} cannot be read.", "Train again, or roll back with `retail rollback`."
            )
        try:
            return ModelVersion.from_bytes(content)
        except ModelFormatError as error:
            raise ModelMissingError(
                f"s3://{self._bucket}/{key}: {error}", "Roll back with `retail rollback`."
            ) from error

    def last_live(self) -> str | None:
        """The version that went live last as far as the lake knows, or None."""
        content = self._read(REGISTRY)
        return None if content is None else str(json.loads(content)["live"])

    def publish(self, model: ModelVersion, *, current: bool = True) -> None:
        """Write the model and its exports. Publishing the same version again writes the same bytes.

        current: also as what embeddings.sql loads; only for a version that passed the promotion gate.
        """
        self._write(model_key(model.version), model.to_bytes())
        exports = export(model)
        for folder in (model.version, "current") if current else (model.version,):
            for name, content in exports.items():
                self._write(f"embeddings/{folder}/{name}", content)

    def current(self) -> str | None:
        """The version that passed the promotion gate last: the one in embeddings/current/; None before the first."""
        content = self._read("embeddings/current/version.csv")
        return None if content is None else next(csv.reader(io.StringIO(content.decode())))[0]

    def record(self, version: str, content: dict[str, Any]) -> None:
        """Write down what was measured of a version and what the promotion gate said: models/<version>/record.json."""
        self._write(f"models/{version}/record.json", json.dumps(content, indent=2, default=str).encode())

    def note_live(self, version: str, previous: str | None) -> None:
        """Write down which version went live."""
        self._write(REGISTRY, json.dumps({"live": version, "previous": previous}).encode())

    def note_serving(self, version: str) -> None:
        """Write down the version that serves where the lake names another: SQL makes one live without telling it.

        What hinders it is logged; the next process that meets the version tries again.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the client has imported it

        before = self.last_live()
        if before == version:
            return
        try:
            self.note_live(version, before)
        except (ClientError, BotoCoreError):
            logger.exception("%s still names %s, although %s serves", REGISTRY, before, version)

    def _read(self, key: str) -> bytes | None:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the client has imported it

        try:
            return bytes(self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())
        except (ClientError, BotoCoreError):
            return None

    def _write(self, key: str, content: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=content)


def model_key(version: str) -> str:
    """Where a version's model stands in the lake bucket."""
    return f"models/{version}/model.npz"


def export(model: ModelVersion) -> dict[str, bytes]:
    """File name → content of the files that embeddings.sql reads; version.csv comes last, as it must be written."""
    vectors = list(vector_texts(model.item_vectors))
    digest = items_digest(model.items.tolist(), vectors)
    facts = zip(
        model.items.tolist(), range(len(model.items)), model.recency.tolist(), model.popularity.tolist(),
        model.attributes.product_line.tolist(), map(_known, model.attributes.price.tolist()),
        model.attributes.in_stock.tolist(), strict=True,
    )  # fmt: skip
    return {
        "item_embeddings.csv": _csv([("id", "embedding"), *zip(model.items.tolist(), vectors, strict=True)]),
        "user_embeddings.csv": _csv(
            [("id", "embedding"), *zip(model.users.tolist(), vector_texts(model.user_vectors), strict=True)]
        ),
        "item_facts.csv": _csv(facts),
        "version.csv": _csv([(model.version, float(model.recency_weight), search_scale(model), digest)]),
    }


def items_digest(codes: list[str], vectors: list[str]) -> str:
    """md5 of the md5s of code:embedding in the codes' byte order: what embeddings.sql computes of what it read."""
    rows = sorted(zip(codes, vectors, strict=True), key=lambda row: row[0].encode())
    each = (hashlib.md5(f"{code}:{vector}".encode(), usedforsecurity=False).hexdigest() for code, vector in rows)
    return hashlib.md5("".join(each).encode(), usedforsecurity=False).hexdigest()


def vector_texts(vectors: NDArray[Any]) -> Iterator[str]:
    """pgvector's text of each row; nine digits are a float32, exactly."""
    form = "[" + ",".join(["%.9g"] * vectors.shape[1]) + "]"
    for row in vectors.tolist():
        yield form % tuple(row)


def _known(price: float) -> float | str:
    return "" if price != price else price  # noqa: PLR0124 - NaN is the price that is not itself


def _csv(rows: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
