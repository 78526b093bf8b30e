"""Trino, the engine that Athena version 3 is built on: its configuration, and the process that the supervisor runs.

Three catalogs: `awsdatacatalog` (Hive tables and views of the Glue catalog), the Iceberg tables of the same Glue
catalog (the first redirects to it, so that a table is reached by one name whatever its format), and a private one on
local files in which UNLOAD makes its short-lived target, so that the Glue catalog never shows it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from local_aws import toolchain
from local_aws.settings import REGION, Settings
from local_aws.supervisor import EngineSpec

ENGINE = "trino"
CATALOG = "awsdatacatalog"
ICEBERG_CATALOG = "awsdatacatalog_iceberg"
UNLOAD_CATALOG = "awsdatacatalog_unload"
UNLOAD_SCHEMA = "unload"

_JVM = (
    "-Xmx1200m",
    "-XX:+UseG1GC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-OmitStackTraceInFastThrow",
    "-XX:ReservedCodeCacheSize=256M",
    "-XX:TieredStopAtLevel=1",  # a laptop's queries are short: the C1 compiler alone starts and answers sooner
    "-Dfile.encoding=UTF-8",
    "-Djdk.attach.allowAttachSelf=true",
    "-Djdk.nio.maxCachedBufferSize=2000000",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
)
_S3 = {
    "fs.native-s3.enabled": "true",
    "s3.region": REGION,
    "s3.path-style-access": "true",
    "s3.aws-access-key": "test",
    "s3.aws-secret-key": "test",
}
_GLUE = {
    "hive.metastore.glue.region": REGION,
    "hive.metastore.glue.aws-access-key": "test",
    "hive.metastore.glue.aws-secret-key": "test",
}


@dataclass(frozen=True)
class Trino:
    """One Trino for a state folder. All of its files stand below <state>/trino."""

    settings: Settings
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def folder(self) -> Path:
        return self.settings.state / "trino"

    def prepare(self) -> EngineSpec:
        """Write the configuration and say how to run the engine. Fetches Trino when it is missing."""
        found = toolchain.ensure_all(self.settings, [ENGINE, "jre25"])
        home, java = found[ENGINE], found["jre25"] / "bin" / "java"
        etc = self.folder / "etc"
        for folder in (self.folder / "data", self.folder / "unload", etc / "catalog"):
            folder.mkdir(parents=True, exist_ok=True)
        written = hashlib.sha256()
        for name, properties in self.files(home).items():
            text = "".join(f"{key}={value}\n" for key, value in properties.items())
            (etc / name).write_text(text)
            written.update(text.encode())
        class_path = f"{home / 'lib'}/*"
        settings = self._node() | {
            "config": str(etc / "config.properties"),
            "log.levels-file": str(etc / "log.properties"),
            "catalog.config-dir": str(etc / "catalog"),
        }
        defines = [f"-D{key}={value}" for key, value in settings.items()]
        return EngineSpec(
            name=ENGINE,
            argv=[str(java), *_JVM, *defines, "-cp", class_path, "io.trino.server.TrinoServer"],
            port=self.port,
            environment={"LANG": "C.UTF-8", "TZ": "UTC", "CONFIGURATION": written.hexdigest()},  # changed: restarted
            cwd=str(self.folder),
            health_url=f"{self.url}/v1/info/state",
            start_timeout_seconds=240,
        )

    def files(self, home: Path) -> dict[str, dict[str, str]]:
        """Every configuration file's properties by its name below etc/."""
        return {
            "config.properties": self._config(home),
            "log.properties": {"io.trino": "WARN", "io.airlift": "WARN", "Bootstrap": "WARN", "org": "WARN"},
            f"catalog/{CATALOG}.properties": self._hive(),
            f"catalog/{ICEBERG_CATALOG}.properties": self._iceberg(),
            f"catalog/{UNLOAD_CATALOG}.properties": self._unload(),
        }

    def _node(self) -> dict[str, str]:
        """What Trino's own launcher reads from node.properties and hands over as system properties."""
        return {
            "node.environment": "local",
            "node.id": hashlib.sha256(str(self.settings.state).encode()).hexdigest()[:16],
            "node.data-dir": str(self.folder / "data"),
            "node.internal-address": "127.0.0.1",
            "node.bind-ip": "127.0.0.1",
        }

    def _config(self, home: Path) -> dict[str, str]:
        return {
            "coordinator": "true",
            "node-scheduler.include-coordinator": "true",
            "http-server.http.port": str(self.port),
            "discovery.uri": self.url,
            "plugin.dir": str(home / "plugin"),
            "catalog.management": "static",
            "web-ui.enabled": "false",
            "query.max-memory": "800MB",
            "query.max-memory-per-node": "700MB",
            "memory.heap-headroom-per-node": "250MB",
            "query.client.timeout": "1m",
            "query.max-history": "200",
            "task.concurrency": str(min(4, max(2, _power_of_two(os.cpu_count() or 2)))),
            "sql.forced-session-time-zone": "UTC",
        }

    def _hive(self) -> dict[str, str]:
        return {
            "connector.name": "hive",
            "hive.metastore": "glue",
            "hive.iceberg-catalog-name": ICEBERG_CATALOG,
            "hive.non-managed-table-writes-enabled": "true",
            "hive.metastore-cache-ttl": "0s",
            "hive.partition-projection-enabled": "true",
            "hive.timestamp-precision": "MILLISECONDS",
            "hive.recursive-directories": "true",  # as Athena reads a table's location
        } | self._glue_and_s3()

    def _iceberg(self) -> dict[str, str]:
        return {
            "connector.name": "iceberg",
            "iceberg.catalog.type": "glue",
            "iceberg.hive-catalog-name": CATALOG,
            "iceberg.file-format": "PARQUET",
            "iceberg.compression-codec": "ZSTD",
            "iceberg.format-version": "2",
            "iceberg.unique-table-location": "false",
            "iceberg.expire-snapshots.min-retention": "0s",
            "iceberg.remove-orphan-files.min-retention": "0s",
            "iceberg.allowed-extra-properties": "*",
            "iceberg.metadata-cache.enabled": "true",  # of immutable files only
        } | self._glue_and_s3()

    def _unload(self) -> dict[str, str]:
        return {
            "connector.name": "hive",
            "hive.metastore": "file",
            "hive.metastore.catalog.dir": "local:///",
            "fs.native-local.enabled": "true",
            "local.location": str(self.folder / "unload"),
            "hive.non-managed-table-writes-enabled": "true",
            "hive.timestamp-precision": "MILLISECONDS",
        } | self._s3()

    def _glue_and_s3(self) -> dict[str, str]:
        return _GLUE | {"hive.metastore.glue.endpoint-url": self.settings.endpoint_url} | self._s3()

    def _s3(self) -> dict[str, str]:
        return _S3 | {"s3.endpoint": self.settings.endpoint_url}


def _power_of_two(number: int) -> int:
    return 1 << (number.bit_length() - 1)
