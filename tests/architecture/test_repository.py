"""What the repository carries, and what it must not."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture import source

LOCKS = sorted((source.ROOT / "requirements").glob("*.lock"))
NPM_LOCKS = [source.ROOT / "tests/seeds/package-lock.json"]
ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:root|home/\w+|Users/\w+|work)/")
PRIVATE_ADDRESS = re.compile(r"\b(?:10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+\.\d+\b")
PACKAGE_INDEX = re.compile(r"(?:index-url|find-links|registry)\s*[= ]\s*[\"']?\w+://")
ABOUT_ADDRESSES = {"tests/architecture/test_repository.py"}


def files() -> list[Path]:
    """Tracked, or about to be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=source.ROOT, capture_output=True, text=True, check=True).stdout
    paths = [source.ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    if not (source.ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    found = []
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for pattern in (MACHINE_PATH, PRIVATE_ADDRESS, PACKAGE_INDEX):
            found += [f"{source.name(path)}: {match.group()}" for match in pattern.finditer(text)]
    assert [each for each in found if each.partition(":")[0] not in ABOUT_ADDRESSES] == []


def test_there_is_a_lock_for_each_way_of_use() -> None:
    assert [lock.stem for lock in LOCKS] == ["bench", "dev", "journey", "node"]


@pytest.mark.parametrize("lock", LOCKS, ids=source.name)
def test_a_lock_names_versions_and_hashes_but_no_place(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    entries = re.split(r"\n(?=\S)", text.strip())
    assert [entry for entry in entries if not (ENTRY.match(entry) and "--hash=sha256:" in entry)] == []


@pytest.mark.parametrize("lock", NPM_LOCKS, ids=source.name)
def test_a_lock_of_npm_names_no_place_either(lock: Path) -> None:
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert all("integrity" in entry for name, entry in packages.items() if name)


def test_the_locks_agree_with_each_other() -> None:
    """The examples' and the benchmarks' packages add to the environment and change nothing in it."""
    locked: dict[str, set[str]] = {}
    for name, version in ENTRY.findall((source.ROOT / "requirements/dev.lock").read_text(encoding="utf-8")):
        locked.setdefault(name, set()).add(version)
    for lock in LOCKS:
        for name, version in ENTRY.findall(lock.read_text(encoding="utf-8")):
            assert version in locked.get(name, {version}), f"{source.name(lock)}: {name}"


@pytest.mark.parametrize("lock", LOCKS, ids=source.name)
def test_a_lock_is_as_new_as_the_project_file(lock: Path) -> None:
    """Else `python3 dev.py lock` was forgotten."""
    project = tomllib.loads((source.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = list(project["dependency-groups"][lock.stem])
    if lock.stem == "dev":
        asked += [one for extra in project["project"]["optional-dependencies"].values() for one in extra]
    locked = {canonicalize_name(name): version for name, version in ENTRY.findall(lock.read_text("utf-8"))}
    for requirement in map(Requirement, asked):
        name = canonicalize_name(requirement.name)
        if name != "youhui":
            assert name in locked, f"{requirement} is not locked"
            assert requirement.specifier.contains(locked[name]), f"{requirement} is locked at {locked[name]}"


def test_the_library_itself_depends_on_nothing() -> None:
    project = tomllib.loads((source.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dependencies"] == []


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", ".ci/run"])
def test_a_newcomer_finds(name: str) -> None:
    assert (source.ROOT / name).stat().st_size > 0


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    changelog = (source.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[?Unreleased\]?", changelog, re.MULTILINE)


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [path.name[:4] for path in sorted((source.ROOT / "docs/decisions").glob("*.md"))]
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]
