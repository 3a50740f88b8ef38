"""What a setting accepts, in words: for messages about wrong ones and for the page of all settings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, Secret, SecretStr
from pydantic.fields import FieldInfo

from youhui.platform.languages import LANGUAGES, Language, both

_PASSWORD = re.compile(
    r"(^[^:/@]*|://[^:/@]*):(?!//).*@|([?&][^=&]*(?:password|passwd|secret)[^=&]*=)[^&]*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Form:
    """Stands in the annotation of a setting whose type does not say all."""

    zh_cn: str
    en: str


class SecretUrl(Secret[str]):
    """A URL that may carry a password, which is never shown."""

    def _display(self) -> str:
        return without_password(self.get_secret_value())


Rate: TypeAlias = Annotated[
    str,
    Field(pattern=r"^[1-9][0-9]{0,6}/(second|minute|hour|day)$"),
    Form(
        "次数/单位，例如 20/minute（second、minute、hour、day）",
        "a count per second, minute, hour or day: 20/minute",
    ),
]


class Section(BaseModel):
    """Settings that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    return _PASSWORD.sub(lambda found: f"{found[2]}***" if found[2] else f"{found[1]}:***@", url)


def leaves(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting that is no section, in order, by its path: "limits.anonymous"."""
    for name, field in model.model_fields.items():
        section = section_of(field)
        if section is None:
            yield f"{above}{name}", field
        else:
            yield from leaves(section, f"{above}{name}.")


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a section, also of one that may be absent; None for a plain setting."""
    for inner in (field.annotation, *get_args(field.annotation)):
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return inner
    return None


def is_secret(field: FieldInfo) -> bool:
    """Whether its value is never shown."""
    return SecretStr in (field.annotation, *get_args(field.annotation))


def form_of(field: FieldInfo) -> Mapping[Language, str]:
    """What the setting accepts."""
    return _form(field.annotation, field.metadata)


def _form(annotation: Any, marks: Sequence[object] = ()) -> Mapping[Language, str]:
    said = next((mark for mark in marks if isinstance(mark, Form)), None)
    if said is not None:
        return both(said.zh_cn, said.en)
    origin, inner = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return both(
            "一组设置（环境变量逐项给出：YOUHUI_组名__项名）",
            "a section of settings (in the environment one by one: YOUHUI_SECTION__NAME)",
        )
    if origin is Annotated:
        return _form(inner[0], inner[1:])
    if origin in (Union, UnionType):
        (given,) = (one for one in inner if one is not NoneType)
        form = _form(given, marks)
        return both(f"{form['zh-CN']}，或 null", f"{form['en']}, or null")
    if origin is Literal:
        return {
            language: words + "、".join(inner) if language == "zh-CN" else words + ", ".join(inner)
            for language, words in zip(LANGUAGES, ("以下之一：", "one of "), strict=True)
        }
    return _plain(annotation, marks)


def _plain(annotation: object, marks: Sequence[object]) -> Mapping[Language, str]:
    if annotation is bool:
        return both("true 或 false", "true or false")
    if annotation is int:
        least, most = _bound(marks, "ge"), _bound(marks, "le")
        return both(f"{least} 到 {most} 的整数", f"a whole number from {least} to {most}")
    length = _bound(marks, "min_length")
    if length in (None, 1):
        return both("文本", "a text")
    return both(f"至少 {length} 个字符的文本", f"a text of at least {length} characters")


def _bound(marks: Sequence[object], name: str) -> int | None:
    """Of the marks that pydantic makes of a field's arguments."""
    return next((getattr(mark, name) for mark in marks if hasattr(mark, name)), None)
