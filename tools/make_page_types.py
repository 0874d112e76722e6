"""Writes the page's TypeScript types from the values of `reenact.web.views`, comments included.

Run: python tools/make_page_types.py
"""

from __future__ import annotations

import ast
import inspect
import types
import typing
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from reenact.web import views

TARGET = Path(__file__).parent.parent / "frontend" / "src" / "api" / "types.ts"
_HEAD = "// Written by tools/make_page_types.py from src/reenact/web/views.py; do not edit.\n"
_PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", Any: "unknown"}


def main() -> None:
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(document(), encoding="utf-8")


def document() -> str:
    """Gives the whole file."""
    return _HEAD + "".join(f"\n{_declared(cls)}" for cls in structs())


def structs() -> list[type[msgspec.Struct]]:
    """Gives the values in the order in which they are written."""
    modules = ("base", "home", "lists", "session", "stream", "state", "spent", "live")
    order = {f"{views.__name__}.{name}": number for number, name in enumerate(modules)}
    found = [
        value
        for value in vars(views).values()
        if inspect.isclass(value) and issubclass(value, views.View) and value is not views.View
    ]
    return sorted(found, key=lambda cls: (order[cls.__module__], inspect.getsourcelines(cls)[1]))


def _declared(cls: type[msgspec.Struct]) -> str:
    hints = typing.get_type_hints(cls)
    head = _comment(cls.__doc__ or "", "")
    if cls.__struct_config__.array_like:
        members = ", ".join(f"{name}: {typescript(hints[name])}" for name in cls.__struct_fields__)
        return f"{head}export type {cls.__name__} = [{members}];\n"
    told = _told(cls)
    lines = "".join(
        f"{_comment(told.get(name, ''), '  ')}  {name}: {typescript(hints[name])};\n"
        for name in cls.__struct_fields__
    )
    return f"{head}export interface {cls.__name__} {{\n{lines}}}\n"


def _comment(text: str, indent: str) -> str:
    words = " ".join(text.split())
    return f"{indent}/** {words} */\n" if words else ""


def _told(cls: type[msgspec.Struct]) -> dict[str, str]:
    """Gives what stands below each field of a value."""
    (definition,) = ast.parse(inspect.getsource(cls)).body
    assert isinstance(definition, ast.ClassDef)
    told: dict[str, str] = {}
    name = ""
    for item in definition.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            name = item.target.id
        elif isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant) and name:
            told[name] = str(item.value.value)
    return told


def typescript(hint: Any) -> str:
    """Gives a type as TypeScript writes it."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " | ".join(f'"{word}"' for word in arguments)
    if origin in (types.UnionType, typing.Union):
        return " | ".join(typescript(part) for part in arguments)
    if origin is tuple and arguments[-1] is Ellipsis:
        inner = typescript(arguments[0])
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if origin is tuple:
        return f"[{', '.join(typescript(part) for part in arguments)}]"
    if origin is dict:
        return f"Record<{typescript(arguments[0])}, {typescript(arguments[1])}>"
    return str(hint.__name__)


if __name__ == "__main__":
    main()
