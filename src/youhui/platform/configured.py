"""Where settings come from, and what is said of wrong ones."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    SettingsError,
    YamlConfigSettingsSource,
)

from youhui.platform import failpoints
from youhui.platform.languages import Language, Told, both
from youhui.platform.setting_forms import form_of, is_secret, leaves, section_of, without_password

PREFIX, SEPARATOR = "YOUHUI_", "__"
FILE = "youhui.yaml"
FILE_VARIABLE = f"{PREFIX}CONFIG"
"""names another file"""

Sentence = Mapping[Language, str]


class WrongSettings(Told):
    """Nothing is started with them."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        super().__init__("; ".join(sentence["en"] for sentence in sentences))
        self._sentences = sentences

    def told(self, language: Language) -> Sequence[str]:
        """One sentence for each setting that is wrong."""
        return [sentence[language] for sentence in self._sentences]


def variable(path: str) -> str:
    """The environment's name of a setting: "limits.anonymous" is YOUHUI_LIMITS__ANONYMOUS."""
    return PREFIX + path.replace(".", SEPARATOR).upper()


def file_source(model: type[BaseSettings]) -> InitSettingsSource:
    """The file's settings. Raises WrongSettings."""
    named = os.environ.get(FILE_VARIABLE)
    path = Path(named or FILE)
    if named and not path.is_file():
        raise WrongSettings([_filled(_NO_FILE, file=named)])
    try:
        return YamlConfigSettingsSource(model, path)
    except Exception as error:  # whatever the reader of YAML raises: the file is not ours
        raise WrongSettings([_filled(_NO_YAML, file=path, why=" ".join(str(error).split()))]) from None


def refuse_unknown(model: type[BaseSettings]) -> None:
    """Raises WrongSettings for a variable named like ours that is none: a typing error must not go unseen."""
    known = {variable(path) for path, _ in leaves(model)} | {variable(name) for name in model.model_fields}
    unknown = [
        name
        for name in os.environ
        if name.upper().startswith(PREFIX)
        and name.upper() not in known | {FILE_VARIABLE, failpoints.VARIABLE}
    ]
    if unknown:
        raise WrongSettings([_unknown(name, name.upper(), known) for name in sorted(unknown)])


def origins(model: type[BaseSettings], given: Mapping[str, object]) -> dict[str, str]:
    """Where the value of each setting comes from: "command line", "environment", the file's name or "default"."""
    sources = [
        ("command line", given),
        ("environment", EnvSettingsSource(model)()),
        (os.environ.get(FILE_VARIABLE) or FILE, file_source(model)()),
    ]
    return {
        path: next((name for name, values in sources if _names(values, path)), "default")
        for path, _ in leaves(model)
    }


def wrong(
    model: type[BaseSettings], error: ValidationError | SettingsError, given: Mapping[str, object]
) -> WrongSettings:
    """The same error for the one who wrote the settings: which, what it was, and what it must be."""
    if isinstance(error, SettingsError):
        return WrongSettings([_unread(model, str(error))])
    from_where = origins(model, given)
    sentences: dict[str, Sentence] = {}
    for fault in error.errors(include_url=False, include_context=False):
        path, field = _setting(model, fault["loc"])
        if fault["type"] == "extra_forbidden":
            name = ".".join(map(str, fault["loc"]))
            sentences[name] = _unknown(name, name, {known for known, _ in leaves(model)})
        elif field is not None:
            origin = from_where.get(path, "")
            sentences.setdefault(path, _refused(path, field, fault["type"], fault["input"], origin))
    return WrongSettings(list(sentences.values()))


def _unread(model: type[BaseSettings], error: str) -> Sentence:
    """Of a variable that holds a whole section and is no JSON: pydantic names the section in its message only."""
    named = re.search(r'field "(\w+)"', error)
    path, field = _setting(model, [named[1]] if named else [])
    return both(error, error) if field is None else _refused(path, field, "json", None, "environment")


def _setting(model: type[BaseModel], place: Sequence[int | str]) -> tuple[str, FieldInfo | None]:
    """The innermost setting that a place lies in, with its path."""
    names: list[str] = []
    field: FieldInfo | None = None
    inside: type[BaseModel] | None = model
    for part in place:
        if inside is None or part not in inside.model_fields:
            break
        names.append(str(part))
        field = inside.model_fields[str(part)]
        inside = section_of(field)
    return ".".join(names), field


def _refused(path: str, field: FieldInfo, kind: str, value: object, origin: str) -> Sentence:
    form = form_of(field)
    name = variable(path) if origin == "environment" else f"{path} ({origin})" if origin else path
    if kind == "missing":
        return {one: said.format(name=path, form=form[one]) for one, said in _MISSING.items()}
    if is_secret(field) or section_of(field) is not None:
        return {one: said.format(name=name, form=form[one]) for one, said in _WRONG_SECRET.items()}
    shown = "null" if value is None else without_password(str(value))
    return {one: said.format(name=name, value=shown, form=form[one]) for one, said in _WRONG.items()}


def _unknown(shown: str, name: str, known: set[str]) -> Sentence:
    near = get_close_matches(name, sorted(known), 1, 0.8)
    return _filled(_NEAR if near else _UNKNOWN, name=shown, near="".join(near))


def _names(values: Mapping[str, object], path: str) -> bool:
    """Whether a tree of settings has this one."""
    inside: object = values
    for part in path.split("."):
        if not isinstance(inside, Mapping) or part not in inside:
            return False
        inside = inside[part]
    return True


def _filled(sentence: Sentence, **values: object) -> Sentence:
    return {language: said.format(**values) for language, said in sentence.items()}


_NO_FILE = both(
    f"{FILE_VARIABLE} 指定的文件 {{file}} 不存在",
    f"{FILE_VARIABLE} names the file {{file}}, which is not there",
)
_NO_YAML = both(
    "设置文件 {file} 不是“名称: 值”形式的 YAML：{why}",
    "the settings file {file} is not YAML of the form “name: value”: {why}",
)
_UNKNOWN = both("没有名为 {name} 的设置", "there is no setting {name}")
_NEAR = both("没有名为 {name} 的设置，是否指 {near}？", "there is no setting {name}; is {near} meant?")
_MISSING = both("缺少设置 {name}：{form}", "the setting {name} is missing: {form}")
_WRONG = both(
    "设置 {name} 的值“{value}”不可用，应为：{form}", "the setting {name} cannot be “{value}”; it takes {form}"
)
_WRONG_SECRET = both(
    "设置 {name} 的值不可用，应为：{form}", "the setting {name} is not valid; it takes {form}"
)
