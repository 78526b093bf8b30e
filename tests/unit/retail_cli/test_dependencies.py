"""Third-party packages: what the runtime has is left out, what is compiled is kept apart for Glue."""

from __future__ import annotations

import zipfile

from retail_cli.dependencies import GLUE, HERE, LAMBDA, rewheel, without

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
    (wheel,) = rewheel(tmp_path / "in", tmp_path / "pure", tmp_path / "compiled")
    info = "shop-1.0.dist-info"
    assert wheel.parent.name == "pure"
    assert zipfile.ZipFile(wheel).namelist() == [f"{info}/METADATA", f"{info}/RECORD", f"{info}/WHEEL", "shop.py"]


def test_a_compiled_package_keeps_its_platform_in_its_name(tmp_path):
    tags = "Tag: cp311-cp311-manylinux_2_28_x86_64\nTag: cp311-cp311-manylinux_2_27_x86_64\n"
    (tmp_path / "in").mkdir()
    installed(tmp_path / "in", f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\n{tags}")
    (wheel,) = rewheel(tmp_path / "in", tmp_path / "pure", tmp_path / "compiled")
    platforms = "manylinux_2_27_x86_64.manylinux_2_28_x86_64"
    assert wheel == tmp_path / "compiled" / f"shop-1.0-cp311-cp311-{platforms}.whl"
    assert "cp311" in zipfile.ZipFile(wheel).read("shop-1.0.dist-info/WHEEL").decode()


def test_lambda_and_glue_are_not_this_machine():
    assert LAMBDA.options() == ("--python-platform", "x86_64-manylinux2014", "--python-version", "3.11")
    assert GLUE.options()[1] == "x86_64-manylinux_2_28"
    assert HERE.options() == ()
