"""The throw-away servers are real, empty, and gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page
from sqlalchemy import create_engine, inspect, text

from tests import servers
from tests.conftest import do_without

SENTENCE = "再买 ¥20 可享满 200 减 30 🎁"


@pytest.mark.parametrize("again", [1, 2])
def test_a_database_is_empty_and_keeps_every_character(empty_database_url: str, again: int) -> None:
    engine = create_engine(empty_database_url)
    assert inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE sentences (words VARCHAR(100))"))
        connection.execute(text("INSERT INTO sentences VALUES (:words)"), {"words": SENTENCE})
        assert connection.scalar(text("SELECT words FROM sentences")) == SENTENCE
    engine.dispose()


def test_valkey_answers(valkey_url: str) -> None:
    address = urlsplit(valkey_url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(b"DBSIZE\r\n")
        assert connection.recv(16) == b":0\r\n"


def test_chromium_shows_a_page(page: Page) -> None:
    page.set_content(f"<button onclick=\"this.textContent='{SENTENCE}'\">?</button>")
    page.get_by_role("button").click()
    assert page.get_by_role("button").text_content() == SENTENCE


@pytest.mark.servers
def test_a_server_is_gone_after_its_block_with_its_files() -> None:
    before = set(Path("/tmp").glob("youhui-vk-*"))
    with servers.valkey() as url:
        port = urlsplit(url).port
        (folder,) = set(Path("/tmp").glob("youhui-vk-*")) - before
    assert not folder.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


@pytest.mark.servers
@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts its servers as somebody else")
def test_programs_in_a_closed_home_are_copied_out_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = servers._postgresql_programs().parent
    package = tmp_path / "home" / wheel.parent.name
    shutil.copytree(wheel, package / wheel.name, symlinks=True)
    if (libraries := wheel.parent.with_suffix(".libs")).exists():
        shutil.copytree(libraries, package.with_suffix(".libs"))
    (tmp_path / "home").chmod(0o700)
    monkeypatch.setattr(servers, "_postgresql_programs", lambda: package / wheel.name / "bin")
    with servers.postgresql() as server, server.database() as url:
        engine = create_engine(url)
        assert inspect(engine).get_table_names() == []
        engine.dispose()


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_only_ci_insists_on_every_server(
    ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(outcome, match="mariadbd is not installed"):
        do_without(servers.Unavailable("mariadbd is not installed"))


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    def broken(port: int) -> servers.Command:
        return ("sh", "-c", "echo no space left; exit 1")

    start: AbstractContextManager[servers.Running] = servers._running(broken, "ready", tmp_path)
    with pytest.raises(RuntimeError, match="no space left"), start:
        pass
