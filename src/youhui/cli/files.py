"""Reading JSON documents from files and standard input, and saying why one cannot be read."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer

from youhui.cli.words import Words
from youhui.platform.languages import Language, Told


class Unreadable(Exception):
    """A file that no case can be read from; says why in one sentence."""


def read_json(file: str, words: Words) -> object:
    """The document in a file, or in standard input where the name is "-". Raises Unreadable."""
    name = called(file, words)
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return json.loads(content.decode("utf-8-sig"))
    except FileNotFoundError as error:
        raise Unreadable(words.no_file.format(file=name)) from error
    except OSError as error:
        raise Unreadable(words.no_reading.format(file=name, why=error.strerror)) from error
    except json.JSONDecodeError as error:
        raise Unreadable(
            words.no_json.format(file=name, line=error.lineno, column=error.colno, why=error.msg)
        ) from error
    except UnicodeDecodeError as error:
        raise Unreadable(words.no_utf8.format(file=name, byte=error.start)) from error
    except (ValueError, RecursionError) as error:
        # A whole number of thousands of digits, or brackets in thousands of brackets.
        raise Unreadable(words.no_measure.format(file=name)) from error


def called(file: str, words: Words) -> str:
    """What a file is called in a sentence."""
    return words.standard_input if file == "-" else file


def the_case(document: object, file: str, name: str | None, words: Words) -> object:
    """The case with this id among those of a file, or the only one. Raises Unreadable."""
    cases = document if isinstance(document, list) else [document]
    ids = [case.get("id") if isinstance(case, dict) else None for case in cases]
    where = called(file, words)
    if not cases:
        raise Unreadable(words.no_case.format(file=where))
    if name is None and len(cases) > 1:
        raise Unreadable(words.which_case.format(file=where, count=len(cases), example=ids[0]))
    if name is not None and name not in ids:
        raise Unreadable(words.unknown_case.format(file=where, id=name))
    return cases[0 if name is None else ids.index(name)]


def stop(sentences: Iterable[str]) -> NoReturn:
    """Says on standard error why there is nothing to do, and exits with 2."""
    for sentence in sentences:
        typer.echo(f"youhui: {printable(sentence)}", err=True)
    raise typer.Exit(2)


@contextmanager
def telling(tongue: Language) -> Iterator[None]:
    """Whatever says for itself why nothing was done says it in this language, and the program exits with 2."""
    try:
        yield
    except Told as error:
        stop([" ".join(sentence.split()) for sentence in error.told(tongue)])


def printable(text: object) -> str:
    """A text from a document on one line, without what would command the terminal: such characters are written out."""
    return "".join(
        letter if letter.isprintable() or letter == "\u3000" else _escaped(letter) for letter in str(text)
    )


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")
