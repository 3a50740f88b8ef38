"""docs/reference/settings.md, made from the settings. `python -m tests.docs.settings` writes it anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from youhui.platform.configured import variable
from youhui.platform.setting_forms import form_of, leaves, section_of
from youhui.platform.settings import Settings

PAGE = Path(__file__).parents[2] / "docs/reference/settings.md"

INTRODUCTION = """# Settings

All have a default: a service without any runs on a SQLite file. In this order, the first that names a setting decides:

1. the command line, where a command has an option for it (`--database`);
2. the environment: `YOUHUI_CURRENCY=EUR`, and with two underscores below a section, `YOUHUI_LIMITS__SHOPPER=50/minute`;
   `null` stands for none, and an empty variable for one that is not set;
3. the file `youhui.yaml` in the working directory, or the one that `YOUHUI_CONFIG` names;
4. the default.

```yaml
# youhui.yaml
database_url: postgresql+psycopg://youhui@db.example/youhui
redis_url: redis://cache.example:6379/0
limits:
  shopper: 50/minute
marketing_service:
  max_group_size: 20
```

`youhui config` prints those in force, each with where it comes from, and without secrets. A value that is not accepted,
a key of the file that is no setting, and a variable that begins with `YOUHUI_` and is none stop every command: exit
status 2, and a sentence that names the setting, its value (unless it is a secret) and what is accepted. Settings are
read once, at the start.

`python -m tests.docs.settings` writes this page from `src/youhui/platform/settings.py`.
"""


def page() -> str:
    """The whole of it."""
    plain = [(name, field) for name, field in Settings.model_fields.items() if section_of(field) is None]
    parts = [INTRODUCTION, _table("In general", "", plain)]
    for name, field in Settings.model_fields.items():
        section = section_of(field)
        if section is not None:
            about = section.__doc__ or ""
            parts.append(_table(f"`{name}`", about, [(f"{name}.{key}", one) for key, one in leaves(section)]))
    return "\n".join(parts)


def _table(title: str, about: str, fields: list[tuple[str, FieldInfo]]) -> str:
    rows = "".join(_rows(fields))
    head = "| setting | accepts | default | |\n| --- | --- | --- | --- |\n"
    words = f"{about}\n\n" if about else ""
    return f"## {title}\n\n{words}{head}{rows}"


def _rows(fields: list[tuple[str, FieldInfo]]) -> Iterator[str]:
    for path, field in fields:
        accepts = form_of(field)["en"].replace("|", "\\|")
        yield f"| `{path}`<br>`{variable(path)}` | {accepts} | {_default(field)} | {field.description} |\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "none: it must be given"
    value: Any = field.get_default()
    assert not isinstance(value, BaseModel)
    text = json.dumps(value, default=str).strip('"')
    return f"`{text}`"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
