"""The secret of a deployment that sets none."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from youhui.platform.keyfile import NoSecret, kept_secret, secret_file, secret_key
from youhui.platform.languages import LANGUAGES
from youhui.platform.settings import Settings


def test_it_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "new" / "secret.key"
    secret = kept_secret(file)
    assert len(bytes.fromhex(secret)) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert kept_secret(file) == secret
    assert [one.name for one in file.parent.iterdir()] == ["secret.key"]


def test_those_who_start_at_once_share_one(tmp_path: Path) -> None:
    for number in range(20):
        file = tmp_path / f"{number}.key"
        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(kept_secret, [file] * 8))) == 1


@pytest.mark.parametrize("content", [b"", b"short", b" " * 64, b"\xff" * 64])
def test_a_file_without_a_secret_is_not_used(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secret.key"
    file.write_bytes(content)
    with pytest.raises(NoSecret) as refused:
        kept_secret(file)
    for language in LANGUAGES:
        assert str(file) in refused.value.told(language)[0]


def test_a_place_where_none_can_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoSecret) as refused:
        kept_secret(tmp_path / "file" / "secret.key")
    assert str(tmp_path / "file") in refused.value.told("en")[1]


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"database_url": "sqlite:////srv/shop/youhui.db"}, "/srv/shop/secret.key"),
        ({"database_url": "sqlite:///var/youhui.db"}, "var/secret.key"),
        ({"database_url": "sqlite:////srv/shop/youhui.db", "secret_key_file": "here.key"}, "here.key"),
        ({"database_url": "postgresql+psycopg://db.example/youhui"}, "var/secret.key"),
    ],
)
def test_where_it_is(given: dict[str, Any], place: str) -> None:
    assert secret_file(Settings(**given)) == Path(place)


def test_a_set_secret_needs_no_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'youhui.db'}"
    secret = "set by whoever deploys the service"
    assert secret_key(Settings(database_url=url, secret_key=secret)) == secret
    assert list(tmp_path.iterdir()) == []
