"""Third-party packages: what the runtime has is left out, what is compiled is refused for Glue."""

from __future__ import annotations

import zipfile

import pytest
from retail_cli.dependencies import DependencyError, rewheel, without

LOCKED = """\
boto3==1.43.106 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via shop
pymysql==1.2.4 \\
    --hash=sha256:cc
"""


def test_what_the_runtime_provides_is_left_out_with_its_hashes():
    assert without(LOCKED, "boto3==1.0\n").split() == ["pymysql==1.2.4", "\\", "--hash=sha256:cc"]


def test_nothing_is_left_when_all_is_provided():
    assert without(LOCKED, LOCKED).strip() == ""


def installed(folder, wheel_metadata):
    info = folder / "shop-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n")
    (info / "WHEEL").write_text(wheel_metadata)
    (info / "INSTALLER").write_text("uv")
    (folder / "shop.py").write_text("answer = 42\n")
    names = [
        "shop.py",
        "../../bin/shop",
        *(f"{info.name}/{name}" for name in ("METADATA", "WHEEL", "INSTALLER", "RECORD")),
    ]
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in names))


def test_an_installed_package_becomes_a_wheel_without_the_installers_notes(tmp_path):
    (tmp_path / "in").mkdir()
    installed(tmp_path / "in", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    (wheel,) = rewheel(tmp_path / "in", tmp_path / "out")
    info = "shop-1.0.dist-info"
    assert zipfile.ZipFile(wheel).namelist() == [f"{info}/METADATA", f"{info}/RECORD", f"{info}/WHEEL", "shop.py"]


def test_a_compiled_package_is_refused(tmp_path):
    installed(tmp_path, "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n")
    with pytest.raises(DependencyError, match="shop has compiled parts"):
        rewheel(tmp_path, tmp_path / "out")
