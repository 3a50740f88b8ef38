"""A disk that is full, a database that may only be read: a clean refusal, and all is well again without a restart."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url

from tests.checked import assert_sound
from tests.faults import books
from tests.faults.load import Answer, Line, tally
from tests.faults.shop import PRICE, Served, Shop, place, promotion
from tests.faults.trying import on, sized

Note = Callable[[str, object], None]
Limits = tuple[int, int]
FULL = "503 UNAVAILABLE"


async def _placed(served: Served, start: str, count: int) -> list[Answer]:
    """So many new orders, one attempt each."""
    answers: list[Answer] = []

    async def ask(line: Line, number: int) -> None:
        name = f"{start}{number}"
        answers.append(await line.ask(place(name, PRICE - 1_000, name, codes=["DISK"])))

    async with served.clients(16) as group:
        await group.each(range(count), ask)
    return answers


def _assert_refused_and_healed(
    shop: Shop, served: Served, harm: Callable[[], None], heal: Callable[[], None]
) -> None:
    count = sized(60, 500)
    served.add(promotion("disk", code="DISK", usage_limit=1_000_000))
    assert tally(asyncio.run(_placed(served, "before", 20))) == {"201": 20}
    harm()
    try:
        during = asyncio.run(_placed(served, "during", count))
    finally:
        heal()
    assert FULL in tally(during)
    assert set(tally(during)) <= {FULL, "201"}, "what fits in is placed, and nothing else is said"
    assert len(books.states(shop.url, "during")) == tally(during)["201"]
    assert tally(asyncio.run(_placed(served, "after", 20))) == {"201": 20}
    assert served.node.complaints() == ""


@on("sqlite")
def test_no_file_may_grow(shop: Shop) -> None:
    """As a quota does it: SQLite's log reaches its end in the middle of a transaction."""
    with shop.served() as served:
        _, hard = resource.prlimit(served.node.pid, resource.RLIMIT_FSIZE)
        size = shop.folder.joinpath("youhui.db").stat().st_size

        def limit(most: int) -> None:
            resource.prlimit(served.node.pid, resource.RLIMIT_FSIZE, (most, hard))

        _assert_refused_and_healed(
            shop, served, lambda: limit(size + 64 * 1024), lambda: limit(resource.RLIM_INFINITY)
        )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_the_disk_is_full(tmp_path: Path) -> None:
    with _small_disk(tmp_path / "disk", megabytes=4) as disk:
        shop = Shop(f"sqlite:///{disk / 'youhui.db'}", tmp_path)
        with shop.served() as served:
            filler = disk / "filler"
            _assert_refused_and_healed(shop, served, lambda: _fill(filler), filler.unlink)
        assert_sound(shop.url)


def _fill(path: Path) -> None:
    """To the last byte."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


@contextmanager
def _small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)], check=False
    )
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@on("postgresql", "mariadb")
def test_a_database_that_may_only_be_read(shop: Shop) -> None:
    """As a primary that has become a standby."""
    statements = {
        "postgresql": (
            ["ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"],
            ["ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"],
        ),
        "mysql": (["SET GLOBAL read_only = 1"], ["SET GLOBAL read_only = 0"]),
    }
    harm, heal = statements[shop.kind]
    with shop.served(1, _as_a_user(shop)) as served:
        _assert_refused_and_healed(shop, served, lambda: _do(shop, harm), lambda: _do(shop, heal))


def _as_a_user(shop: Shop) -> str:
    """MariaDB's root may write whatever is said."""
    url = make_url(shop.url)
    if shop.kind == "mysql":
        _do(shop, ["CREATE USER shop@'127.0.0.1'", f"GRANT ALL ON {url.database}.* TO shop@'127.0.0.1'"])
        url = url.set(username="shop")
    return url.render_as_string(hide_password=False)


def _do(shop: Shop, statements: list[str]) -> None:
    """As the server's administrator, and until it is so."""
    engine = create_engine(shop.server.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@on("sqlite")
def test_a_file_that_may_only_be_read(shop: Shop) -> None:
    """Whoever has it open goes on writing; a service that starts then says so and ends."""
    url = f"sqlite:///file:{make_url(shop.url).database}?mode=ro&uri=true"
    with pytest.raises(AssertionError, match=r"readonly database"), shop.served(1, url):
        pass
