"""Where two Anthropic requests differ, what comes first as a cause first.

Order: model, parameters, tools, system, then the earliest message. A changed model or tool changes
everything after it, so the first difference in this order is called the cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from reenact.wire.alignment import Item, align
from reenact.wire.anthropic.fingerprint import parts_of, prepare
from reenact.wire.anthropic.request import as_blocks
from reenact.wire.canonical import Json, content_hash
from reenact.wire.difference import Change, LeafChange, LineChange, Path, Side, leaf_changes
from reenact.wire.fingerprint import Part
from reenact.wire.normalise import without_marks
from reenact.wire.rules import Rule
from reenact.wire.volatile import suggest_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reenact.wire.anthropic.request import Request
    from reenact.wire.normalise import Normaliser

Place = Literal["model", "params", "tools", "system", "message"]
Class = Literal[
    "model_change",
    "parameter",
    "tool_schema",
    "prompt_edit",
    "tool_output",
    "history_edit",
    "compaction",
    "volatile",
    "id",
]
"""What a difference seems to be. `history_edit`: the past was told otherwise; `id`: ids are used in
another pattern while every text agrees; `volatile`: looks like a value of the run, with a rule."""

_SUMMARY_MARK = "continued from a previous conversation"
"""How Claude Code begins the message that stands for a compacted past."""
_LEAST_DROPPED = 2


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One located difference. Values are as sent; indexes count from 0, lines from 1."""

    place: Place
    where: str
    """The place in words: `messages[3].content[1] (tool_result of Bash)`."""
    change: Change = "changed"
    path: Path = ()
    recorded: Json = None
    actual: Json = None
    lines: tuple[LineChange, ...] = ()
    more_lines: int = 0
    message: int | None = None
    """The message's index in the actual request, or in the recorded one where `change` is missing."""
    recorded_message: int | None = None
    role: str | None = None
    block: int | None = None
    tool: str | None = None
    """The tool's name: of a tool that differs, or of the call a result belongs to."""
    kind: Class
    rule: Rule | None = None
    """A rule that would cover the difference; to be accepted by somebody, not by us."""
    detail: str | None = None


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    index: int
    value: Json
    side: Side
    item: Item


class _Request:
    """One side, prepared and normalised part by part."""

    def __init__(self, request: Request, normaliser: Normaliser) -> None:
        parts = parts_of(request)
        ordered = [*parts.heads, *parts.messages, parts.params]
        values = {id(part): prepare(part).value for part in ordered}
        found = [name for part in ordered for name in normaliser.find_ids(values[id(part)])]
        self._known = frozenset(found).union(normaliser.sessions)
        self._normaliser = normaliser

        def side(part: Part) -> Side:
            value = values[id(part)]
            return Side(sent=without_marks(value), normal=normaliser.plain(value, self._known))

        self.params = side(parts.params)
        heads = {part.kind: side(part) for part in parts.heads}
        nothing = Side(sent=[], normal=[])
        self.system, self.tools = heads.get("system", nothing), heads.get("tools", nothing)
        self.messages: list[_Message] = []
        for index, part in enumerate(parts.messages):
            one = side(part)
            item = Item(digest=content_hash(one.normal), role=_role(one))
            self.messages.append(_Message(index=index, value=values[id(part)], side=one, item=item))
        self.tool_names = _tool_names(message.side.sent for message in self.messages)

    def numbered(self, message: _Message, numbers: dict[str, int]) -> list[int]:
        """Gives the numbers, over the whole request, of the ids that a message uses."""
        form = self._normaliser.form(message.value, self._known)
        return [numbers.setdefault(name, len(numbers)) for name in form.ids]


def diff_requests(
    recorded: Request, actual: Request, *, recorded_by: Normaliser, actual_by: Normaliser
) -> tuple[Difference, ...]:
    """Gives every located difference between two requests, the cause first; none where fp1 is equal.

    Args:
        recorded: the request of the recording.
        actual: the request of the actual run.
        recorded_by: the normaliser that the recorded fingerprints are made with.
        actual_by: the same for the actual run; one object for both where values are united.
    """
    old, new = _Request(recorded, recorded_by), _Request(actual, actual_by)
    found = [*_in_params(old, new), *_in_tools(old, new), *_in_system(old, new), *_in_messages(old, new)]
    return tuple(found) if found else tuple(_in_ids(old, new))


def _in_params(old: _Request, new: _Request) -> Iterator[Difference]:
    changes = list(leaf_changes(old.params, new.params))
    for leaf in sorted(changes, key=lambda leaf: leaf.path[:1] != ("model",)):
        is_model = leaf.path[:1] == ("model",)
        yield _difference(
            leaf,
            place="model" if is_model else "params",
            where=_dotted(leaf.path),
            kind="model_change" if is_model else "parameter",
        )


def _in_tools(old: _Request, new: _Request) -> Iterator[Difference]:
    before, after = _by_tool(old.tools), _by_tool(new.tools)
    for name in dict.fromkeys((*before, *after)):
        left, right = before.get(name), after.get(name)
        if left is None or right is None:
            yield Difference(
                place="tools",
                where=f"tools[{name}]",
                change="extra" if left is None else "missing",
                recorded=left.sent if left else None,
                actual=right.sent if right else None,
                tool=name,
                kind="tool_schema",
            )
            continue
        for leaf in leaf_changes(left, right):
            where = f"tools[{name}].{_dotted(leaf.path)}"
            yield _difference(leaf, place="tools", where=where, kind="tool_schema", tool=name)
    shared = [name for name in before if name in after]
    if shared != [name for name in after if name in before]:
        yield Difference(
            place="tools", where="tools", kind="tool_schema", detail="the same tools in another order"
        )


def _in_system(old: _Request, new: _Request) -> Iterator[Difference]:
    for leaf in leaf_changes(old.system, new.system):
        yield _difference(leaf, place="system", where=_dotted(("system", *leaf.path)), kind="prompt_edit")


def _in_messages(old: _Request, new: _Request) -> Iterator[Difference]:
    found = align([message.item for message in old.messages], [message.item for message in new.messages])
    left = [old.messages[place] for place, _ in found.pairs if place is not None]
    right = [new.messages[place] for _, place in found.pairs if place is not None]
    compaction = _compaction(left, right, found.tail)
    if compaction is not None:
        yield compaction
        return
    for place, other in found.pairs:
        if place is not None and other is not None:
            yield from _in_message(old.messages[place], new.messages[other], new)
        elif place is not None:
            yield _whole(old.messages[place], "missing", old)
        elif other is not None:
            yield _whole(new.messages[other], "extra", new)


def _in_message(recorded: _Message, actual: _Message, new: _Request) -> Iterator[Difference]:
    role = actual.item.role
    for leaf in leaf_changes(recorded.side, actual.side):
        block: int | None = None
        tool = block_kind = None
        match leaf.path:
            case ("content", int(block), *_):
                block_kind, tool = _block_words(actual.side.sent, block, new)
            case _:
                pass
        words = f" ({block_kind} of {tool})" if tool else f" ({block_kind})" if block_kind else ""
        yield _difference(
            leaf,
            place="message",
            where=_dotted(("messages", actual.index, *leaf.path)) + words,
            kind=_kind(role, block_kind),
            tool=tool,
            message=actual.index,
            recorded_message=recorded.index,
            role=role,
            block=block,
        )


def _difference(
    leaf: LeafChange,
    *,
    place: Place,
    where: str,
    kind: Class,
    tool: str | None = None,
    message: int | None = None,
    recorded_message: int | None = None,
    role: str | None = None,
    block: int | None = None,
) -> Difference:
    rule = (
        suggest_rule(leaf.lines) if kind in ("prompt_edit", "tool_output") and not leaf.more_lines else None
    )
    return Difference(
        place=place,
        where=where,
        change=leaf.change,
        path=leaf.path,
        recorded=leaf.recorded,
        actual=leaf.actual,
        lines=leaf.lines,
        more_lines=leaf.more_lines,
        message=message,
        recorded_message=recorded_message,
        role=role,
        block=block,
        tool=tool,
        kind="volatile" if rule else kind,
        rule=rule,
    )


def _compaction(left: list[_Message], right: list[_Message], tail: int) -> Difference | None:
    """Tells a compacted past: a run of messages gave way to a summary, or to nothing, before a common end."""
    marked_left, marked_right = any(map(_is_summary, left)), any(map(_is_summary, right))
    longer, shorter = max(len(left), len(right)), min(len(left), len(right))
    starts = bool(left and left[0].index == 0) or bool(right and right[0].index == 0)
    is_cut = starts and tail >= 1 and longer - shorter >= _LEAST_DROPPED and shorter <= 1
    if marked_left == marked_right and not is_cut:
        return None
    place = (right or left)[0]
    return Difference(
        place="message",
        where=f"messages[{place.index}]",
        recorded=[message.side.sent for message in left],
        actual=[message.side.sent for message in right],
        message=right[0].index if right else None,
        recorded_message=left[0].index if left else None,
        role=place.item.role,
        kind="compaction",
        detail=f"{len(left)} recorded messages against {len(right)} in the actual run",
    )


def _in_ids(old: _Request, new: _Request) -> Iterator[Difference]:
    """Finds the message from which on the ids are used in another pattern."""
    before: dict[str, int] = {}
    after: dict[str, int] = {}
    for recorded, actual in zip(old.messages, new.messages, strict=False):
        left, right = old.numbered(recorded, before), new.numbered(actual, after)
        if left != right:
            yield Difference(
                place="message",
                where=f"messages[{actual.index}]",
                recorded=recorded.side.sent,
                actual=actual.side.sent,
                message=actual.index,
                recorded_message=recorded.index,
                role=actual.item.role,
                kind="id",
                detail="the texts agree, but ids stand for other ids than in the recording",
            )
            return


def _whole(message: _Message, change: Change, request: _Request) -> Difference:
    sent = message.side.sent
    blocks = as_blocks(sent.get("content")) if isinstance(sent, dict) else ()
    tool = _block_words(sent, 0, request)[1] if blocks else None
    return Difference(
        place="message",
        where=f"messages[{message.index}]",
        change=change,
        recorded=sent if change == "missing" else None,
        actual=sent if change == "extra" else None,
        message=message.index if change == "extra" else None,
        recorded_message=message.index if change == "missing" else None,
        role=message.item.role,
        tool=tool,
        kind="history_edit",
    )


def _kind(role: str | None, block_kind: str | None) -> Class:
    if block_kind is not None and block_kind.endswith("tool_result"):
        return "tool_output"
    return "history_edit" if role == "assistant" else "prompt_edit"


def _block_words(message: Json, place: int, request: _Request) -> tuple[str | None, str | None]:
    """Gives the kind of a message's block and the tool it belongs to."""
    content = message.get("content") if isinstance(message, dict) else None
    block = content[place] if isinstance(content, list) and place < len(content) else None
    if not isinstance(block, dict):
        return None, None
    kind = block.get("type")
    call = block.get("tool_use_id")
    name = block.get("name") if "name" in block else request.tool_names.get(str(call))
    return kind if isinstance(kind, str) else None, name if isinstance(name, str) else None


def _tool_names(messages: Iterator[Json]) -> dict[str, str]:
    names: dict[str, str] = {}
    for message in messages:
        for block in as_blocks(message.get("content")) if isinstance(message, dict) else ():
            match block:
                case {"id": str(call), "name": str(name)}:
                    names[call] = name
    return names


def _by_tool(tools: Side) -> dict[str, Side]:
    found: dict[str, Side] = {}
    sent = tools.sent if isinstance(tools.sent, list) else []
    normal = tools.normal if isinstance(tools.normal, list) else []
    for place, (one, other) in enumerate(zip(sent, normal, strict=True)):
        name = one.get("name") if isinstance(one, dict) else None
        found[name if isinstance(name, str) else str(place)] = Side(sent=one, normal=other)
    return found


def _is_summary(message: _Message) -> bool:
    sent = message.side.sent
    blocks = as_blocks(sent.get("content")) if isinstance(sent, dict) else ()
    return any(_SUMMARY_MARK in str(block.get("text", "")) for block in blocks)


def _role(side: Side) -> str | None:
    role = side.sent.get("role") if isinstance(side.sent, dict) else None
    return role if isinstance(role, str) else None


def _dotted(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
