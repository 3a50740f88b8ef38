"""The secret that tokens are signed with: nothing ships with one, so that where none is set one is made and kept."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import make_url

from youhui.platform.languages import Language, Told, both
from youhui.platform.settings import Settings

SHORTEST = 32
"""characters of a secret"""


class NoSecret(Told):
    """The file of the secret holds none, or cannot be read or made; `why` is what the system said."""

    def __init__(self, file: Path, why: str = "") -> None:
        super().__init__(f"no secret in {file}")
        self._file = file
        self._why = why

    def told(self, language: Language) -> Sequence[str]:
        """What can be done about it."""
        sentence = _NO_SECRET[language].format(file=self._file, least=SHORTEST)
        return [sentence, *filter(None, [self._why])]


_NO_SECRET = both(
    "密钥文件 {file} 不可用：请删除它（将重新生成，所有人须重新登录），或写入至少 {least} 个字符，"
    "或设置 YOUHUI_SECRET_KEY",
    "The file {file} cannot be used as the secret key: delete it (a new one is made, and everyone logs in again), "
    "write at least {least} characters into it, or set YOUHUI_SECRET_KEY",
)


def secret_key(settings: Settings) -> str:
    """The one that is set, else the one in the file. Raises NoSecret."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    return kept_secret(secret_file(settings))


def secret_file(settings: Settings) -> Path:
    """Where the made one is: beside a SQLite database, unless the settings name another place."""
    url = make_url(settings.database_url)
    if "secret_key_file" in settings.model_fields_set or url.get_backend_name() != "sqlite":
        return settings.secret_key_file
    return Path(url.database or "").with_name(settings.secret_key_file.name)


def kept_secret(file: Path) -> str:
    """The secret in a file, made first if there is none: 256 random bits that only its owner may read.

    Processes that start at once share one. Raises NoSecret.
    """
    try:
        if not file.exists():
            _make(file)
        secret = file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NoSecret(file, str(error)) from error
    if len(secret) < SHORTEST:
        raise NoSecret(file)
    return secret


def _make(file: Path) -> None:
    """Written whole under another name, then linked: nobody reads half of it, and the first one stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as written:
            written.write(f"{secrets.token_hex(32)}\n")
            written.flush()
            os.fsync(written.fileno())
        with suppress(FileExistsError):
            os.link(name, file)
    finally:
        Path(name).unlink()
