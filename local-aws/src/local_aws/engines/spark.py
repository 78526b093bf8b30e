"""Spark as a Glue 5.1 worker has it: one Python with pyspark, one Java, the jars, and the settings Glue makes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from local_aws import toolchain
from local_aws.settings import Settings

SHIM = Path(__file__).parent / "awsglue_shim"

_LOG4J = """\
status = error
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
appender.file.type = File
appender.file.name = file
appender.file.fileName = ${{env:GLUE_ERROR_LOG}}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{yyyy-MM-dd HH:mm:ss,SSS}} %p [%t] %c{{2}}: %m%n%ex
logger.noise.name = org.apache.hadoop.util.NativeCodeLoader
logger.noise.level = error
"""


@dataclass(frozen=True)
class SparkInstallation:
    """Where the parts are: `python` has pyspark, `jars` is the folder of what Glue puts on Spark's class path."""

    python: Path
    java_home: Path
    jars: Path

    @classmethod
    def ensure(cls, settings: Settings) -> SparkInstallation:
        """Fetch what is missing (blocking; offline when cached)."""
        return cls(
            python=toolchain.ensure(settings, "glue-runtime") / "bin" / "python",
            java_home=toolchain.ensure(settings, "jre17"),
            jars=toolchain.ensure(settings, "spark-jars"),
        )

    def class_path(self, datalake_formats: Iterable[str]) -> list[Path]:
        """Glue has the JDBC drivers always, a table format's jars only when --datalake-formats names it."""
        iceberg = "iceberg" in datalake_formats
        return sorted(jar for jar in self.jars.rglob("*.jar") if iceberg or not jar.name.startswith("iceberg"))


def driver_memory() -> str:
    """LOCAL_AWS_SPARK_MEMORY, else 3 GiB or what a small machine can spare."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return os.environ.get("LOCAL_AWS_SPARK_MEMORY") or f"{max(1024, min(3072, total * 2 // 5))}m"


def parse_conf(value: str) -> dict[str, str]:
    """Glue's --conf is one argument that may hold several: "a=1 --conf b=2"."""
    settings = {}
    for part in re.split(r"(?:^|\s+)--conf[\s=]+", value.strip()):
        name, separator, setting = part.strip().partition("=")
        if separator:
            settings[name.strip()] = setting.strip()
    return settings


def spark_defaults(jars: list[Path], scratch: Path) -> dict[str, str]:
    """What Glue sets (UTC, Snappy, no UI) and what a laptop needs (one JVM, loopback only, few shuffle partitions)."""
    cores = os.cpu_count() or 2
    return {
        "spark.master": "local[*]",
        "spark.driver.memory": driver_memory(),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": f'-Duser.timezone=UTC "-Djava.io.tmpdir={scratch}"',
        "spark.jars": ",".join(map(str, jars)),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(max(4, 2 * cores)),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    } | _hadoop_s3(jars)


def _hadoop_s3(jars: list[Path]) -> dict[str, str]:
    """spark.read at s3:// goes through hadoop-aws, when the tool chain has it (Iceberg brings its own S3 client)."""
    if not any(jar.name.startswith("hadoop-aws") for jar in jars):
        return {}
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    return {
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": str(endpoint.startswith("https")).lower(),
    }


def write_configuration(folder: Path, settings: dict[str, str]) -> None:
    """A SPARK_CONF_DIR: safer than a command line for values with spaces and quotes."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} {_escape(value)}" for name, value in settings.items()]
    (folder / "spark-defaults.conf").write_text("\n".join(lines) + "\n")
    (folder / "log4j2.properties").write_text(_LOG4J.format())


def _escape(value: str) -> str:
    """Java's Properties format: backslashes escape, a line ends the value."""
    return value.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n")


def job_environment(
    spark: SparkInstallation, folder: Path, python_path: list[Path], aws: dict[str, str]
) -> dict[str, str]:
    """The whole environment of a job: nothing of the host's, because nothing of it exists on a Glue worker."""
    return aws | {
        "PATH": os.pathsep.join(
            [str(spark.python.parent), str(spark.java_home / "bin"), "/usr/local/bin:/usr/bin:/bin"]
        ),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "scratch"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "JAVA_HOME": str(spark.java_home),
        "PYSPARK_PYTHON": str(spark.python),
        "PYSPARK_DRIVER_PYTHON": str(spark.python),
        "PYTHONPATH": os.pathsep.join(map(str, [*python_path, SHIM])),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "SPARK_CONF_DIR": str(folder / "conf"),
        "SPARK_LOCAL_DIRS": str(folder / "scratch"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "GLUE_ERROR_LOG": str(folder / "error.log"),
    }
