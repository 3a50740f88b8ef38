#!/usr/bin/env python3
"""Everything a newcomer needs, with Python 3.11 and nothing else installed: python3 dev.py COMMAND [ARGUMENT ...]

    setup      make .venv from the lock files (every command does this first; the second time it costs nothing)
    run        serve the demo on 127.0.0.1:8000 (--port N for another port)
    check      format, lint, types, import contracts, dependencies, fast tests: about five minutes
    test       every test, on real PostgreSQL, MariaDB, Valkey and Chromium; arguments go to pytest
    fix        format, and mend what the linter can mend
    faults     break things on purpose and see what the promises are worth; NAME (of experiments), --seed N, --full
    bench      the benchmarks of bench/, beside other engines; arguments go to it
    journey    price a real retailer's year; arguments go to it
    lock       write requirements/*.lock anew from pyproject.toml; --upgrade takes the newest versions

Everything stays inside this folder, with two exceptions that only root gets: Debian's python3-venv where Python
cannot make environments without it, and (for `test`) Debian's MariaDB, Chromium and a Chinese font.
Who is not root is told what to install; until then the tests that need it are skipped.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = ROOT / "requirements"
BENCH_PACKAGES = VENV / "bench-packages"
FAST = "not servers and not browser and not slow"
DEBIAN = {  # what only some tests need: the command or file that shows it is there
    "mariadb-server-core": "mariadbd",
    "mariadb-client-core": "my_print_defaults",
    "chromium": "chromium",
    "fonts-wqy-microhei": "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
}
LOAD = {"wrk": "wrk"}  # what only the benchmark over HTTP needs


# Doing things


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say what begins, and how long it took: also when it failed."""
    print(f"[dev] {name} …", flush=True)
    start = time.monotonic()
    try:
        yield
    finally:
        print(f"[dev] {name}: {time.monotonic() - start:.1f} s", flush=True)


def run(*command: str | Path, env: Mapping[str, str] | None = None, silent: bool = False) -> None:
    """Run in the project's folder, wherever the caller stands. Errors are never silent."""
    output = subprocess.DEVNULL if silent else None
    subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdout=output,
        check=True,
    )


def as_root_on_debian() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(*packages: str) -> None:
    apt = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Use-Pty=0")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    with step(f"install {' '.join(packages)} from Debian"):
        run(*apt, "update", env=quiet, silent=True)
        run(*apt, "install", "-y", "--no-install-recommends", *packages, env=quiet, silent=True)


@contextmanager
def alone() -> Iterator[None]:
    """Two that set up at once would break each other's work: the second waits, and finds it done."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def stamped(name: str, content: bytes, work: Callable[[], None]) -> None:
    """Work unless the same content was worked on before. An empty stamp stays behind only if this was interrupted."""
    stamp = VENV / f".stamp-{name}"
    digest = hashlib.sha256(content).hexdigest()
    with alone():
        if stamp.exists() and stamp.read_text() == digest:
            return
        stamp.write_text("")
        try:
            work()
        except subprocess.CalledProcessError as error:
            if error.returncode > 0:  # it failed by its own account, and was not killed
                stamp.unlink()
            raise
        stamp.write_text(digest)


# Setting up


def usable() -> bool:
    """Not if making it or installing into it was interrupted, nor if the folder was moved: scripts hold its path."""
    stamps = {stamp.name: stamp.read_text() for stamp in VENV.glob(".stamp-*")}
    return PYTHON.exists() and stamps.get(".stamp-venv") == str(VENV) and "" not in stamps.values()


def make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None:  # Debian ships it as a package of its own
        if not as_root_on_debian():
            sys.exit("This Python cannot make environments yet. On Debian: apt-get install python3-venv")
        apt_install("python3-venv")
    with step("make .venv"):
        run(sys.executable, "-m", "venv", "--clear", VENV)
    install_uv()
    (VENV / ".stamp-venv").write_text(str(VENV))


def install_uv() -> None:
    """The installer itself, by its own entry of the lock file."""
    entry = re.search(r"^uv==(?:.*\\\n)*.*\n", (LOCKS / "dev.lock").read_text(), re.MULTILINE)
    assert entry, "dev.lock names no uv"
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as lock, step("install uv"):
        lock.write(entry.group())
        lock.flush()
        run(
            PYTHON,
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            lock.name,
        )


def mirror() -> dict[str, str]:
    """uv does not read pip's settings: whoever gave pip a mirror means it for uv too."""
    if {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & os.environ.keys():
        return {}
    settings = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True)
    found = re.findall(r"^\S+\.index-url=(.+)$", settings.stdout, re.MULTILINE)
    return {"UV_DEFAULT_INDEX": str(ast.literal_eval(found[-1]))} if found else {}


def uv(*arguments: str | Path) -> None:
    run(PYTHON, "-m", "uv", *arguments, env={"VIRTUAL_ENV": str(VENV), **mirror()})


def install(name: str, *options: str | Path) -> None:
    """Install a lock file: wheels only, each checked against its hash."""
    lock = LOCKS / f"{name}.lock"

    def work() -> None:
        with step(f"install requirements/{name}.lock"):
            uv("pip", "install", "-q", "--require-hashes", "--only-binary", ":all:", *options, "-r", lock)

    stamped(name, lock.read_bytes(), work)


def install_project() -> None:
    with step("install youhui, editable"):
        uv("pip", "install", "-q", "--no-deps", "--no-build-isolation", "-e", ROOT)


def setup_uv() -> None:
    with alone():
        if not usable():
            make_venv()


def setup() -> None:
    setup_uv()
    install("dev")
    stamped("project", (ROOT / "pyproject.toml").read_bytes(), install_project)


def install_npm(folder: Path) -> None:
    """Install a package-lock.json, by the machine's npm or by one from a wheel."""
    if shutil.which("npm") is None:
        install("node")

    def work() -> None:
        with step(f"install {folder.relative_to(ROOT)}/package-lock.json"):
            path = f"{os.environ.get('PATH', os.defpath)}:{VENV / 'bin'}"
            npm = ("npm", "--prefix", folder, "ci", "--no-audit", "--no-fund", "--loglevel=error")
            run("/usr/bin/env", *npm, env={"PATH": path}, silent=True)

    stamped(f"npm-{folder.name}", (folder / "package-lock.json").read_bytes(), work)


def debian_packages(wanted: Mapping[str, str]) -> None:
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin"
    missing = [
        name for name, sign in wanted.items() if not (shutil.which(sign, path=path) or Path(sign).exists())
    ]
    if missing and as_root_on_debian():
        with suppress(subprocess.CalledProcessError):  # it has said why
            apt_install(*missing)
            return
    if missing:
        print(f"[dev] not installed, so what needs them is left out: {' '.join(missing)}", flush=True)


# The commands


def pytest(*arguments: str) -> None:
    run(PYTHON, "-m", "pytest", "-q", "-n", str(os.cpu_count() or 1), *arguments)


def check() -> None:
    checks: dict[str, Callable[[], None]] = {
        "format": lambda: run(PYTHON, "-m", "ruff", "format", "--quiet", "--check", "."),
        "lint": lambda: run(PYTHON, "-m", "ruff", "check", "--quiet", "."),
        "types": lambda: run(PYTHON, "-m", "mypy"),
        "import contracts": lambda: run(VENV / "bin/lint-imports", "--no-logo"),
        "dependencies": lambda: run(PYTHON, "-m", "deptry", "."),
        "fast tests": lambda: pytest("-m", FAST),
    }
    failed = []
    for name, work in checks.items():
        try:
            with step(name):
                work()
        except subprocess.CalledProcessError:
            failed.append(name)
    if failed:
        sys.exit(f"[dev] failed: {', '.join(failed)}")


def test(*arguments: str) -> None:
    debian_packages(DEBIAN)
    install("journey")  # its example is tested too
    install_npm(ROOT / "tests" / "seeds")
    with step("tests"):
        pytest(*arguments)


def faults(*arguments: str) -> None:
    """In the sizes that the promises are made for; --full takes hours."""
    names, size, seed = [], "usual", ""
    rest = iter(arguments)
    for argument in rest:
        if argument == "--full":
            size = "full"
        elif argument == "--seed":
            seed = next(rest, "")
        else:
            names.append(argument)
    debian_packages(DEBIAN)
    chosen = ("-k", " or ".join(names)) if names else ()
    options = ("--timeout=0", "--tb=short", "--no-header", "-rN")
    with step(f"faults ({size})"):
        run(
            PYTHON, "-m", "pytest", "-q", "-n", "0", *options, *chosen, "tests/faults",
            env={"FAULTS_SIZE": size, "FAULTS_SEED": seed},
        )  # fmt: skip


def fix() -> None:
    run(PYTHON, "-m", "ruff", "check", "--fix", "--exit-zero", "--quiet", ".")
    run(PYTHON, "-m", "ruff", "format", ".")


def serve(*arguments: str) -> None:
    os.chdir(ROOT)
    os.execv(VENV / "bin/youhui", ["youhui", "serve", "--demo", *arguments])


def bench(*arguments: str) -> None:
    """The other engines lie in a folder of their own, so that the product's environment stays what it is."""
    source_only = "django-haystack"
    debian_packages(LOAD)
    install("bench", "--target", BENCH_PACKAGES, "--no-binary", source_only)
    run(PYTHON, "-m", "bench", *arguments, env={"PYTHONPATH": str(BENCH_PACKAGES)})


def journey(*arguments: str) -> None:
    install("journey")
    run(PYTHON, "-m", "examples.complete_journey", *arguments)


def lock(*arguments: str) -> None:
    """No entry names an index or a file, so that a mirror and the original serve equally; `dev` decides versions."""
    exact = ("--universal", "--python-version", "3.11", "--generate-hashes")
    plain = ("--no-emit-index-url", "--no-header", "--no-annotate")

    def compile_to(name: str, *sources: str) -> None:
        uv("pip", "compile", "-q", *exact, *plain, *arguments, "-o", f"requirements/{name}.lock", *sources)

    compile_to("dev", "pyproject.toml", "--all-extras", "--group", "dev")
    for group in ("journey", "bench", "node"):
        compile_to(group, "--group", group, "-c", "requirements/dev.lock")


COMMANDS: dict[str, Callable[..., None]] = {
    "setup": setup,
    "run": serve,
    "check": check,
    "test": test,
    "fix": fix,
    "faults": faults,
    "bench": bench,
    "journey": journey,
    "lock": lock,
}


def main(name: str = "help", *arguments: str) -> None:
    if name not in COMMANDS:
        sys.exit(__doc__)
    command = COMMANDS[name]
    (setup_uv if command is lock else setup)()
    if command is not setup:
        command(*arguments)


if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.exit("Youhui needs Python 3.11 or newer.")
    try:
        main(*sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode if error.returncode > 0 else 1)
    except KeyboardInterrupt:
        sys.exit(130)
