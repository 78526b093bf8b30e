"""Archives are the same bytes for the same content, whoever builds them and when."""

from __future__ import annotations

import os
import zipfile

from retail_cli.archives import files_under, unzipped_size, write_wheel, write_zip


def test_order_time_and_mode_of_the_sources_do_not_matter(tmp_path):
    (tmp_path / "a").mkdir()
    for name in ("two.py", "one.py"):
        (tmp_path / "a" / name).write_text(name)
    write_zip(tmp_path / "first.zip", files_under(tmp_path / "a"))
    os.utime(tmp_path / "a" / "one.py", (1, 1))
    (tmp_path / "a" / "two.py").chmod(0o600)
    write_zip(tmp_path / "second.zip", dict(reversed(files_under(tmp_path / "a").items())))
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


def test_bytecode_and_console_scripts_stay_out(tmp_path):
    for name in ("kept.py", "__pycache__/kept.pyc", "bin/tool"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert list(files_under(tmp_path, "shop/")) == ["shop/kept.py"]


def test_a_wheel_records_every_file_with_its_hash(tmp_path):
    wheel = write_wheel(tmp_path, "shop", "1.0", {"shop/__init__.py": b"answer = 42\n"})
    assert wheel.name == "shop-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        record = archive.read("shop-1.0.dist-info/RECORD").decode().splitlines()
    assert record[-1] == "shop-1.0.dist-info/RECORD,,"
    assert "shop/__init__.py,sha256=CndQInRPZMNShj8WXy4SWJhBmZm8V8gyBHcgNtDvay4,12" in record


def test_the_size_that_lambda_limits_is_the_unpacked_one(tmp_path):
    write_zip(tmp_path / "big.zip", {"zeros": b"\0" * 1_000_000})
    assert unzipped_size(tmp_path / "big.zip") == 1_000_000 > (tmp_path / "big.zip").stat().st_size
