"""The certificates that clients of the source database trust: Amazon's for RDS, or the ones an environment names."""

from __future__ import annotations

import os
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path

from retail_cli.checkout import cache

# "Using SSL/TLS to encrypt a connection to a DB instance", Amazon RDS User Guide.
RDS_BUNDLE = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
KEPT_SECONDS = 30 * 24 * 3600


class CertificateError(Exception):
    """No certificate bundle could be had."""


def named_bundle() -> bytes:
    """The bundle that SOURCE_CA_BUNDLE names."""
    path = os.environ.get("SOURCE_CA_BUNDLE", "")
    if not path:
        raise CertificateError(
            'SOURCE_CA_BUNDLE is not set. For the laptop, run `make up` and `eval "$(make -s env)"` first.'
        )
    return _checked(path, Path(path).read_bytes() if Path(path).is_file() else b"")


def rds_bundle() -> bytes:
    """Amazon's bundle for every region, downloaded once a month."""
    kept = cache() / "rds-global-bundle.pem"
    if kept.is_file() and time.time() - kept.stat().st_mtime < KEPT_SECONDS:
        return kept.read_bytes()
    try:
        with urllib.request.urlopen(RDS_BUNDLE, timeout=30) as response:
            content = _checked(RDS_BUNDLE, response.read())
    except (urllib.error.URLError, TimeoutError) as error:
        if kept.is_file():
            return kept.read_bytes()
        raise CertificateError(
            f"{RDS_BUNDLE} could not be downloaded ({error}). Run `make package TARGET=lambda` on a machine that "
            f"reaches it, or save the file as {kept}."
        ) from None
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(content)
    return content


def _checked(origin: str, content: bytes) -> bytes:
    try:
        ssl.create_default_context(cadata=content.decode("ascii"))
    except (ssl.SSLError, ValueError):
        raise CertificateError(f"{origin} holds no PEM certificates.") from None
    return content
