"""The shop as an instance runs it: uvicorn with two processes, and an AWS that answers over HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import httpx
from moto.server import ThreadedMotoServer
from shop_world import BEARER, TOKEN, WRITER, SourceServer
from support import free_port

READY_SECONDS = 60
KEYS = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "us-east-1"}


@dataclass
class LiveShop:
    port: int
    process: subprocess.Popen[bytes]
    figures: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def metrics(self) -> str:
        return httpx.get(f"{self.url}/metrics", headers=BEARER).raise_for_status().text

    def workers(self) -> set[int]:
        """Processes of the instance that have figures."""
        return {int(file.stem.rpartition("_")[2]) for file in self.figures.glob("gauge_livesum_*.db")}

    def say(self, text: str) -> bytes:
        """The first bytes of the answer to a request that is sent as it stands, on a connection of its own."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(text.encode())
            return connection.recv(65536)


@contextmanager
def live_shop(source: SourceServer, folder: Path) -> Iterator[LiveShop]:
    aws = ThreadedMotoServer("127.0.0.1", free_port(), verbose=False)
    aws.start()
    figures, port = folder / "figures", free_port()
    endpoint = "http://{}:{}".format(*aws.get_host_and_port())
    environment = KEYS | _facts(source, endpoint) | {
        "PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": endpoint, "PROMETHEUS_MULTIPROC_DIR": str(figures),
        "WEB_CONCURRENCY": "2", "BEHIND_LOAD_BALANCER": "true", "RATE_LIMIT_PER_MINUTE": "0",
    }  # fmt: skip
    command = [sys.executable, "-m", "uvicorn", "storefront.main:app", "--port", str(port), "--no-proxy-headers"]
    with (folder / "shop.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    shop = LiveShop(port, process, figures)
    try:
        _wait(shop, folder / "shop.log")
        yield shop
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        aws.stop()


def _facts(source: SourceServer, endpoint: str) -> dict[str, str]:
    """What Terraform leaves, in an AWS of its own."""
    options = {"endpoint_url": endpoint, "region_name": "us-east-1"}
    keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    secrets = boto3.client("secretsmanager", **options, **keys)  # type: ignore[call-overload]
    texts = {
        "SESSION_SECRET_ARN": {"session_key": "a key that signs the cookies", "api_token": TOKEN},
        "DB_SECRET_ARN": {"username": WRITER.user, "password": WRITER.password},
    }
    arns = {name: secrets.create_secret(Name=name, SecretString=json.dumps(one))["ARN"] for name, one in texts.items()}
    return arns | {
        "DB_HOST": "127.0.0.1", "DB_PORT": str(source.database.port), "DB_NAME": "classicmodels",
        "CA_BUNDLE": str(source.ca),
    }  # fmt: skip


def _wait(shop: LiveShop, log: Path) -> None:
    """Until both processes have read the catalogue."""
    deadline = time.monotonic() + READY_SECONDS
    while len(shop.workers()) < 2 or "storefront_catalogue_products 3.0" not in _metrics(shop):
        assert shop.process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def _metrics(shop: LiveShop) -> str:
    try:
        return shop.metrics()
    except httpx.HTTPError:
        return ""
