"""What local AWS changes in the emulator, and that it notices when it cannot."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from local_aws import upstream
from local_aws.objects import FileBody
from local_aws.settings import Settings
from local_aws.upstream import UpstreamError, check_hooks, environment


def test_a_hooked_name_that_is_gone_is_named() -> None:
    with pytest.raises(UpstreamError, match=r"ministack\.app\.SERVICE_REGISTRY.*written for ministack 1\.5\.33"):
        check_hooks({name: SimpleNamespace(**dict.fromkeys(_without(name), 1)) for name in upstream._HOOKED})


def _without(name: str) -> list[str]:
    return [attribute for attribute in upstream._HOOKED[name] if attribute != "SERVICE_REGISTRY"]


def test_the_emulator_listens_nowhere_else_and_keeps_all_it_gets(tmp_path: Path) -> None:
    values = environment(Settings(tmp_path, 5199, tmp_path / "cache", tmp_path / "state"))
    assert values["BIND_HOST"] == "127.0.0.1"
    assert (values["PERSIST_STATE"], values["S3_PERSIST"]) == ("1", "1")
    assert (values["SFTP_ENABLED"], values["IOT_MTLS_ENABLED"]) == ("0", "0")


def test_a_slice_of_an_object_reads_only_that(tmp_path: Path) -> None:
    file = tmp_path / "object"
    file.write_bytes(bytes(range(200)))
    body = FileBody(str(file))
    assert body[10:13] == bytes([10, 11, 12])
    assert body[198:] == bytes([198, 199])
    assert body[5:5] == b""
    assert body.whole() == file.read_bytes()


def test_functions_are_written_again_only_when_they_changed() -> None:
    """The mark follows every field and the bytes of the code, without copying them."""
    store = SimpleNamespace(
        _data={("one", "us-east-1", "f"): {"code_zip": b"1" * 100, "versions": {"1": {"Timeout": 3}}}}
    )
    functions = SimpleNamespace(**dict.fromkeys(upstream._FUNCTION_STORES, store))
    marks = [upstream._function_marks(functions), upstream._function_marks(functions)]
    assert marks[0] == marks[1]
    for name, value in (("code_zip", b"2" * 100), ("versions", {"1": {"Timeout": 4}})):
        store._data["one", "us-east-1", "f"][name] = value
        marks.append(upstream._function_marks(functions))
        assert marks[-1] != marks[-2]
