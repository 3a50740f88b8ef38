"""How codes are drawn, checked and compared. Pure: random bytes come in.

The check digit is Luhn's over the characters of the charset: of the drawn characters, every second one, from the last
but one backwards, counts double, and the sum is a multiple of their number N. Doubling is modulo N where N is odd, and
Luhn's own (the digits of the double, summed) where N is even: so each is a permutation. Either way a single wrong
character is found always; two neighbours that changed places are found always if N is odd, and unless they are the
first and the last character of the charset if N is even.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from youhui.coupons.codes.model import DRAWN, LONGEST, NewCode, Shape
from youhui.coupons.codes.problems import fault
from youhui.engine.forms import LARGEST
from youhui.engine.promotion import fold
from youhui.platform.problems import Fault, Invalid

ROOM = 2**20
"""different codes that there must be for each that is made (P18): who guesses a million times hits one, perhaps"""
_CODE = re.compile(r"[^\W_][\w.-]*")
_CHARSET = re.compile(r"[0-9A-Za-z]{2,36}")


# -- drawing


def draw(shape: Shape, count: int, random: Callable[[int], bytes]) -> list[NewCode]:
    """One-time codes, drawn evenly; some may be the same. `random` gives so many bytes of a CSPRNG."""
    filled = shape.pattern.replace(DRAWN, "%s")
    size = shape.drawn
    letters = _letters(shape.charset, count * size, random)
    drawn = [letters[at : at + size] for at in range(0, count * size, size)]
    if shape.check_digit:
        drawn = [one + check_digit(shape.charset, one) for one in drawn]
    made = [filled % tuple(one) for one in drawn]
    return [NewCode(key=fold(code), code=code) for code in made]


def _letters(charset: str, count: int, random: Callable[[int], bytes]) -> str:
    """Bytes beyond the last whole round of the charset are thrown away: else its first letters came more often."""
    size = len(charset)
    letters = bytes(ord(charset[byte % size]) for byte in range(256))
    uneven = bytes(range(256 - 256 % size, 256))
    drawn = b""
    while len(drawn) < count:
        drawn += random(count - len(drawn)).translate(letters, uneven)
    return drawn.decode("ascii")


# -- the check digit


class _Luhn(NamedTuple):
    value: Mapping[str, int]
    doubled: Mapping[str, int]


@lru_cache(32)
def _luhn(charset: str) -> _Luhn:
    size = len(charset)
    carry = size - 1 + size % 2
    values = {letter: value for value, letter in enumerate(charset)}
    return _Luhn(values, {letter: 2 * v if 2 * v < size else 2 * v - carry for letter, v in values.items()})


def check_digit(charset: str, drawn: str) -> str:
    """The character that follows drawn ones."""
    value, doubled = _luhn(charset)
    total = sum(map(doubled.__getitem__, drawn[::-2])) + sum(map(value.__getitem__, drawn[-2::-2]))
    return charset[-total % len(charset)]


def mistyped(shape: Shape, code: str) -> bool:
    """Whether a code is of this shape but for its check digit: it was read or typed wrongly, and needs no look-up."""
    if not shape.check_digit:
        return False
    given = re.fullmatch(_matching(shape), fold(code))
    if given is None:
        return False
    of_key = {fold(letter): letter for letter in shape.charset}
    *drawn, last = [of_key[letter] for letter in given.groups()]
    return check_digit(shape.charset, "".join(drawn)) != last


def _matching(shape: Shape) -> str:
    letter = f"([{fold(shape.charset)}])"
    return letter.join(re.escape(fold(part)) if part else "" for part in shape.pattern.split(DRAWN))


def qr_text(code: str, link: str | None) -> str:
    """What a QR code says: an address with the code where it has {code}, or the code."""
    return code if link is None else link.replace("{code}", quote(code, safe=""))


# -- what is asked for


def read_code(code: str, path: str = "code") -> str:
    """The key of a code that is given. Raises Invalid.

    It begins with a letter or a digit, so that no spreadsheet takes it for a formula.
    """
    code = code.strip()
    if not _CODE.fullmatch(code) or len(code) > LONGEST or len(fold(code)) > LONGEST:
        raise Invalid([fault(path, "not_code", most=LONGEST)])
    return fold(code)


def read_shape(
    pattern: str | None, prefix: str | None, length: int | None, charset: str, check_digit: bool
) -> Shape:
    """How codes are to be made: by a pattern, or so many characters after a prefix. Raises Invalid."""
    path = "prefix" if pattern is None else "pattern"
    if pattern is None:
        if length is None:
            raise Invalid([fault("pattern", "no_pattern")])
        pattern = (prefix or "") + DRAWN * length
    elif prefix is not None or length is not None:
        raise Invalid([fault("pattern", "two_ways")])
    faults = [*_pattern_faults(path, pattern, 1 + check_digit), *_charset_faults(charset)]
    if faults:
        raise Invalid(faults)
    return Shape(pattern, charset, check_digit)


def _pattern_faults(path: str, pattern: str, least: int) -> Iterable[Fault]:
    some = pattern.replace(DRAWN, "A")
    if not _CODE.fullmatch(some) or len(some) > LONGEST or len(fold(some)) > LONGEST:
        yield fault(path, "not_pattern", most=LONGEST)
    elif pattern.count(DRAWN) < least:
        yield fault(path, "too_few_drawn", least=least)


def _charset_faults(charset: str) -> Iterable[Fault]:
    if not _CHARSET.fullmatch(charset) or len(set(fold(charset))) != len(charset):
        yield fault("charset", "not_charset")


def check_space(shape: Shape, count: int, there: int) -> None:
    """Whether so many more codes can be made where some are there or being made. Raises Invalid (P18)."""
    codes = count + there
    if shape.space < ROOM * codes:
        more = next(n for n in range(1, LONGEST) if shape.space * len(shape.charset) ** n >= ROOM * codes)
        raise Invalid([
            fault("pattern", "too_small", space=shape.space, needed=ROOM * codes, codes=codes, more=more)
        ])  # fmt: skip


def read_row(values: Mapping[str, object]) -> NewCode:
    """A row of an import: `code`, `uses_limit`, `per_customer`. Raises Invalid."""
    code = values.get("code")
    if code is None:
        raise Invalid([fault("code", "missing")])
    if isinstance(code, bool) or not (
        isinstance(code, str) or (isinstance(code, int) and 0 <= code <= LARGEST)
    ):
        raise Invalid([fault("code", "not_code", most=LONGEST)])
    text = str(code).strip()
    uses, each = _count(values, "uses_limit"), _count(values, "per_customer")
    return NewCode(key=read_code(text), code=text, uses_limit=uses or 1, per_customer=each)


def _count(values: Mapping[str, object], name: str) -> int | None:
    """Of JSON a number, of CSV its digits."""
    given = values.get(name)
    if isinstance(given, str) and re.fullmatch(r"[0-9]{1,16}", given):
        given = int(given)
    if given is None:
        return None
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= LARGEST:
        raise Invalid([fault(name, "not_count", most=LARGEST)])
    return given
