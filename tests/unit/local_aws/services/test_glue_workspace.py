"""A run's folder: what Glue hands to the script, and what it fetches first."""

import zipfile
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from local_aws.engines.spark import SparkInstallation
from local_aws.services.glue_workspace import LaunchError, RunRequest, Workspace, script_arguments, unpack_wheel


class FakeS3:
    """Objects by s3:// path."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def download_file(self, bucket: str, key: str, target: str) -> None:
        try:
            Path(target).write_bytes(self.objects[f"s3://{bucket}/{key}"])
        except KeyError:
            answer = {
                "Error": {"Code": "404", "Message": "Not Found"},
                "ResponseMetadata": {"HTTPStatusCode": 404},
            }
            raise ClientError(answer, "HeadObject") from None


@pytest.fixture
def spark(tmp_path: Path) -> SparkInstallation:
    jars = tmp_path / "jars with a space"
    jars.mkdir()
    for name in ("mysql-connector-j-9.7.0.jar", "iceberg-aws-bundle-1.10.1.jar"):
        (jars / name).touch()
    return SparkInstallation(Path("/runtime/bin/python"), Path("/jre"), jars)


def request(**arguments: str) -> RunRequest:
    named = {f"--{name.replace('_', '-')}": value for name, value in arguments.items()}
    return RunRequest("etl", "j_1", "jr_1", "s3://artifacts/etl.py", named, 480)


def prepare(tmp_path: Path, spark: SparkInstallation, run: RunRequest, **objects: bytes):
    stored = {"s3://artifacts/etl.py": b"print(1)"} | {
        f"s3://artifacts/{k.replace('__', '.')}": v for k, v in objects.items()
    }
    return Workspace(tmp_path / "run", FakeS3(stored)).prepare(run, spark, {"AWS_REGION": "us-east-1"})


def test_the_script_gets_glues_names_first_then_all_arguments():
    arguments = script_arguments(request(stages="extract,build", conf="a=1"))
    assert arguments[:8] == [
        *("--job-bookmark-option", "job-bookmark-disable"),
        *("--JOB_ID", "j_1", "--JOB_RUN_ID", "jr_1", "--JOB_NAME", "etl"),
    ]
    assert arguments[8:] == ["--stages", "extract,build", "--conf", "a=1"]


def test_libraries_stand_on_the_python_path_before_the_shim(tmp_path, spark):
    run = request(extra_py_files="s3://artifacts/a.whl, s3://artifacts/b.py")
    launch = prepare(tmp_path, spark, run, a__whl=b"zip", b__py=b"")
    lib = tmp_path / "run" / "lib"
    path = launch.environment["PYTHONPATH"].split(":")
    assert path[:2] == [str(lib / "a.whl"), str(lib)]
    assert path[2].endswith("awsglue_shim")


def test_the_environment_is_glues_alone(tmp_path, spark, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_HOST", "x")
    environment = prepare(tmp_path, spark, request()).environment
    assert "SECRET_OF_THE_HOST" not in environment
    assert environment["AWS_REGION"] == "us-east-1"
    assert environment["HOME"] == str(tmp_path / "run" / "home")


def test_iceberg_is_there_when_asked_for(tmp_path, spark):
    def jars(run):
        prepare(tmp_path, spark, run)
        lines = (tmp_path / "run" / "conf" / "spark-defaults.conf").read_text().splitlines()
        return next(line for line in lines if line.startswith("spark.jars "))

    assert "iceberg-aws" not in jars(request())
    assert "iceberg-aws-bundle" in jars(request(datalake_formats="iceberg"))


def test_conf_wins_over_the_defaults(tmp_path, spark):
    prepare(tmp_path, spark, request(conf="spark.sql.shuffle.partitions=7 --conf spark.sql.catalog.glue_catalog=c"))
    text = (tmp_path / "run" / "conf" / "spark-defaults.conf").read_text()
    assert "spark.sql.shuffle.partitions 7\n" in text
    assert "spark.sql.catalog.glue_catalog c\n" in text


def test_a_missing_script_says_where_it_should_be(tmp_path, spark):
    missing = RunRequest("etl", "j_1", "jr_1", "s3://artifacts/gone.py", {}, 480)
    with pytest.raises(LaunchError, match=r"LAUNCH ERROR .* bucket: artifacts, key: gone.py"):
        prepare(tmp_path, spark, missing)


def test_a_module_by_name_would_need_an_index(tmp_path, spark):
    with pytest.raises(LaunchError, match="Python Module Installer"):
        prepare(tmp_path, spark, request(additional_python_modules="pymysql==1.1"))
    assert "pymysql==1.1" in (tmp_path / "run" / "error.log").read_text()


def test_a_wheel_is_installed_with_its_data(tmp_path):
    wheel = tmp_path / "thing-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("thing/__init__.py", "")
        archive.writestr("thing-1.data/purelib/other.py", "")
    unpack_wheel(wheel, tmp_path / "site")
    assert {p.name for p in (tmp_path / "site").iterdir()} == {"thing", "other.py"}
