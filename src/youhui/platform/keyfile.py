"""The secret that tokens are signed with: nothing ships with one, so that where none is set one is made and kept."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from sqlalchemy import make_url

from youhui.platform.settings import Settings

SHORTEST = 32
"""characters of a secret"""


def secret_key(settings: Settings) -> str:
    """The one that is set, else the one in the file. Raises OSError, ValueError."""
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

    Processes that start at once share one. Raises OSError, and ValueError for a file that holds none.
    """
    if not file.exists():
        _make(file)
    secret = file.read_text("ascii").strip()
    if len(secret) < SHORTEST:
        raise ValueError(
            f"{file} holds no secret: delete it, or write at least {SHORTEST} characters into it"
        )
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
