"""`youhui import`: the same rows and the same answers as over HTTP, from files."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.cli.running import ROOT, Ran, youhui
from youhui import bootstrap
from youhui.directory import importing
from youhui.directory.model import Filters
from youhui.platform.settings import Settings

ROWS = [{"id": f"p{i}", "name": f"杯 {i}", "price": "49.00"} for i in range(10)]


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'youhui.db'}"


def bring(database: str, *arguments: object) -> Ran:
    return youhui("import", *map(str, arguments), "--database", database)


def stored(database: str, kind: str = "products") -> list[str]:
    service = bootstrap.service(Settings(database_url=database))
    found, _ = service.directory.page(kind, Filters(), "id", 0, 100)  # type: ignore[arg-type]
    service.database.close()
    return [one.id for one in found]


def jsonl(file: Path, *lines: object) -> Path:
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    return file


def test_rows_of_a_file_are_brought_once(database: str, tmp_path: Path) -> None:
    file = jsonl(tmp_path / "products.jsonl", *ROWS)
    ran = bring(database, "products", file)
    assert (ran.code, ran.out) == (0, "10 行：新增 10，更新 0，未变 0，删除 0，拒绝 0\n")
    again = bring(database, "products", file, "--lang", "en")
    assert again.out == "10 rows: 0 created, 0 updated, 10 unchanged, 0 deleted, 0 rejected\n"
    assert len(stored(database)) == 10


@pytest.mark.parametrize("name", ["c.csv", "c.csv.gz", "c.CSV", "c.txt", "-"])
def test_the_format_is_that_of_the_name_or_the_one_given(database: str, tmp_path: Path, name: str) -> None:
    body = "id,name,groups\n1,张三,VIP|新客\n".encode("gb18030")
    packed = gzip.compress(body) if name.endswith(".gz") else body
    options = ["--charset", "gbk", *(["--format", "csv"] if name in ("c.txt", "-") else [])]
    (tmp_path / "c").write_bytes(packed)
    if name == "-":
        ran = youhui("import", "customers", "-", *options, "--database", database, stdin=packed)
    else:
        ran = bring(database, "customers", (tmp_path / "c").rename(tmp_path / name), *options)
    assert (ran.code, ran.err) == (0, "")
    assert stored(database, "customers") == ["1"]


def test_faults_are_named_by_line_and_all_of_them_are_written_to_a_file(
    database: str, tmp_path: Path
) -> None:
    file = jsonl(
        tmp_path / "p.jsonl", *ROWS, *({"id": f"x{i}", "name": "x\x1b[2J", "price": -1} for i in range(30))
    )
    ran = bring(database, "products", file, "--errors", tmp_path / "faults.jsonl", "--lang", "en")
    assert ran.code == 1
    said = ran.err.splitlines()
    assert len(said) == 20
    assert said[0] == "line 11 name: A text must not contain control characters"
    assert said[1].startswith("line 11 price: It must be at least 0")
    faults = [json.loads(line) for line in (tmp_path / "faults.jsonl").read_text("utf-8").splitlines()]
    assert len(faults) == 60
    assert (faults[-1]["line"], faults[-1]["path"], faults[-1]["code"]) == (40, "price", "negative")
    without = bring(database, "products", file)
    assert without.err.splitlines()[-1] == "……以及更多；--errors 文件名 可写出全部"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["products", "missing.csv"], "找不到文件 missing.csv"),
        (["products", "README.md"], "看不出 README.md 的格式"),
        (["products", "src", "--format", "csv"], "无法读取 src"),
        (["products", "pyproject.toml", "--format", "csv"], "没有 [build-system] 这一列"),
        (["products", "pyproject.toml", "--format", "csv", "--lang", "en"], "There is no column [build-system]"),
        (["products", "pyproject.toml", "--format", "csv", "--charset", "latin1"], "字符集须为 UTF-8 或 GB18030"),
        (["products", "pyproject.toml", "--format", "jsonl", "--currency", "yen"], "三个大写字母"),
        (["orders", "a.csv"], "orders"),
        (["products", "a.csv", "--from-line", "0"], "from-line"),
        (["products", "a.csv", "--errors", "no/such/folder"], "no/such/folder"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_a_sentence(database: str, arguments: list[str], said: str) -> None:
    ran = bring(database, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_bar_shows_the_progress_on_a_terminal(database: str, tmp_path: Path) -> None:
    file = jsonl(tmp_path / "p.jsonl", *ROWS)
    ran = youhui("import", "products", str(file), "--database", database, terminal=True)
    assert (ran.code, "products" in ran.err) == (0, True)


def test_ctrl_c_leaves_whole_chunks_and_says_how_to_go_on(database: str, tmp_path: Path) -> None:
    file = jsonl(tmp_path / "p.jsonl", *ROWS)
    whole = importing.Upload.finish

    def interrupted(upload: importing.Upload) -> importing.Report:
        raise KeyboardInterrupt

    with patch.object(importing, "CHUNK", 4), patch.object(importing.Upload, "finish", interrupted):
        ran = bring(database, "products", file)
    assert (ran.code, ran.err) == (130, "未完成：第 9 行之前的都已处理；加 --from-line 9 可继续\n")
    assert len(stored(database)) == 8
    assert importing.Upload.finish is whole
    ran = bring(database, "products", file, "--from-line", "9")
    assert ran.out == "2 行：新增 2，更新 0，未变 0，删除 0，拒绝 0\n"


@pytest.mark.slow
def test_a_real_ctrl_c(database: str, tmp_path: Path) -> None:
    """While it waits for standard input, after the first chunk was written."""
    command = [sys.executable, "-c", "from youhui.cli import main; main()", "import", "customers", "-"]
    command += ["--format", "jsonl", "--database", database, "--lang", "en"]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert running.stdin is not None
    assert running.stderr is not None
    running.stdin.write("x\n")
    running.stdin.write("".join(f'{{"id": "{i:08}", "name": "{"x" * 100}"}}\n' for i in range(9_000)))
    running.stdin.flush()
    assert running.stderr.readline().startswith("line 1: This line is not valid JSON")  # so it is at work
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "go on with --from-line" in said
