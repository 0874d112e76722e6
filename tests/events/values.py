"""Events of every kind, built from the types themselves: drawn at random, or one full sample a kind."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from reenact.events import FORMAT, KINDS, AnyBody, Event
from reenact.events.bodies import Unknown

texts = st.text(max_size=20)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
json_values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
lone_surrogates = st.integers(0xD800, 0xDFFF).map(chr)
_OURS = {"extra", "foreign"}
"""Fields that reading fills and writing dissolves; never set by who makes an event."""


def bodies(kind: str) -> st.SearchStrategy[AnyBody]:
    """Bodies of one kind with any values that its fields allow."""
    drawn: st.SearchStrategy[AnyBody] = _struct(KINDS[kind])
    return drawn


def events(body: st.SearchStrategy[AnyBody] | None = None) -> st.SearchStrategy[Event]:
    """Events with any envelope."""
    any_body = st.sampled_from(sorted(KINDS)).flatmap(bodies) if body is None else body
    drawn: st.SearchStrategy[Event] = _struct(Event, v=st.just(FORMAT), body=any_body)
    return drawn


def sample(kind: str, seq: int) -> Event:
    """One event with every field filled, always the same."""
    envelope: Event = msgspec.structs.replace(_full(Event), v=FORMAT, seq=seq, extra=None)
    body = msgspec.structs.replace(_full(KINDS[kind]), extra=None)
    if isinstance(body, Unknown):
        body = msgspec.structs.replace(body, foreign=False)
    return msgspec.structs.replace(envelope, id=f"event-{seq}", body=body)


def _struct(cls: type[Any], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    required, optional = {}, {}
    for field in msgspec.structs.fields(cls):
        drawn = given[field.name] if field.name in given else _drawn(inspect.type_info(field.type))
        if field.required:
            required[field.name] = drawn
        elif field.name not in _OURS or cls.__struct_config__.tag == "text":
            optional[field.name] = drawn
    return st.fixed_dictionaries(required, optional=optional).map(lambda values: cls(**values))


def _drawn(info: inspect.Type) -> st.SearchStrategy[Any]:
    match info:
        case inspect.AnyType():
            return json_values
        case inspect.NoneType():
            return st.none()
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            return st.integers()
        case inspect.FloatType():
            return st.floats(allow_nan=False, allow_infinity=False)
        case inspect.StrType():
            return texts
        case inspect.LiteralType(values=values):
            return st.sampled_from(sorted(map(str, values)))
        case inspect.VarTupleType(item_type=item):
            return st.lists(_drawn(item), max_size=3).map(tuple)
        case inspect.TupleType(item_types=items):
            return st.tuples(*map(_drawn, items))
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(_drawn(key), _drawn(value), max_size=3)
        case inspect.UnionType(types=types):
            return st.one_of(*map(_drawn, types))
        case inspect.StructType(cls=cls):
            return _struct(cls)
    raise AssertionError(info)


def _full(cls: type[Any]) -> Any:
    fields = msgspec.structs.fields(cls)
    return cls(**{field.name: _filled(inspect.type_info(field.type), field.name) for field in fields})


def _filled(info: inspect.Type, name: str) -> Any:
    match info:
        case inspect.AnyType():
            return {"any": [1, 2.5, "é", None, True]}
        case inspect.BoolType():
            return True
        case inspect.IntType():
            return 7
        case inspect.FloatType():
            return 0.5
        case inspect.StrType():
            return f"{name} ✓"
        case inspect.LiteralType(values=values):
            return max(map(str, values))
        case inspect.VarTupleType(item_type=item):
            return tuple(_filled(each, name) for each in _members(item))
        case inspect.TupleType(item_types=items):
            return tuple(_filled(item, name) for item in items)
        case inspect.DictType(value_type=value):
            return {"name": _filled(value, name)}
        case inspect.UnionType(types=types):
            return _filled(next(each for each in types if not isinstance(each, inspect.NoneType)), name)
        case inspect.StructType(cls=cls):
            return _full(cls)
    raise AssertionError(info)


def _members(info: inspect.Type) -> tuple[inspect.Type, ...]:
    return info.types if isinstance(info, inspect.UnionType) else (info,)
