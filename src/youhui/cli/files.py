"""Reading JSON documents from files and standard input."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from youhui.cli.words import Words


class Unreadable(Exception):
    """A file that no case can be read from; says why in one sentence."""


def read_json(file: str, words: Words) -> object:
    """The document in a file, or in standard input where the name is "-". Raises Unreadable."""
    name = words.standard_input if file == "-" else file
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


def printable(text: object) -> str:
    """A text from a document on one line, without what would command the terminal: such characters are written out."""
    return "".join(
        letter if letter.isprintable() or letter == "\u3000" else _escaped(letter) for letter in str(text)
    )


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")
