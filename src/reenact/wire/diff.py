"""Where two requests of one dialect differ, what comes first as a cause first.

Order: model, parameters, tools, system, then the earliest message. A changed model or tool changes
everything after it, so the first difference in this order is called the cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from reenact.wire.alignment import Item, align
from reenact.wire.canonical import Json, content_hash
from reenact.wire.difference import Change, LeafChange, LineChange, Path, Side, leaf_changes
from reenact.wire.fingerprint import Part, Prepare
from reenact.wire.normalise import without_marks
from reenact.wire.request import as_blocks, parts_of
from reenact.wire.rules import Rule
from reenact.wire.volatile import suggest_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reenact.wire.normalise import Normaliser
    from reenact.wire.request import Request

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


class Words:
    """How a dialect names the places of its requests; the defaults are those of most of them."""

    def __init__(
        self,
        prepare: Prepare,
        *,
        container: str | None = "content",
        tool_name: Callable[[Json], str | None] | None = None,
        role: Callable[[Json], str | None] | None = None,
        calls: Callable[[Json], Iterator[tuple[str, str]]] | None = None,
        block: Callable[[Json, int, Mapping[str, str]], tuple[str | None, str | None]] | None = None,
        is_output: Callable[[str], bool] | None = None,
    ) -> None:
        """Takes what differs.

        Args:
            prepare: the dialect's reading of a part.
            container: the field of a message that holds its blocks.
            tool_name: the name of a tool on offer.
            role: whose message it is, in the words user, assistant, system and tool.
            calls: the calls of tools that a message holds: id and name.
            block: the kind of a message's block at a place, and the tool it belongs to.
            is_output: whether a block of this kind is what a tool gave back.
        """
        self.prepare = prepare
        self.container = container
        self.tool_name = tool_name or (lambda tool: _text(tool, "name"))
        self.role = role or (lambda message: _text(message, "role"))
        self.calls = calls or _calls
        self.block = block or _block_words
        self.is_output = is_output or (lambda kind: kind.endswith("tool_result"))


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    index: int
    value: Json
    side: Side
    item: Item


class _Request:
    """One side, prepared and normalised part by part."""

    def __init__(self, request: Request, normaliser: Normaliser, words: Words) -> None:
        parts = parts_of(request)
        ordered = [*parts.heads, *parts.messages, parts.params]
        values = {id(part): words.prepare(part).value for part in ordered}
        found = [name for part in ordered for name in normaliser.find_ids(values[id(part)])]
        self._known = frozenset(found).union(normaliser.sessions)
        self._normaliser = normaliser

        def side(part: Part) -> Side:
            value = values[id(part)]
            return Side(sent=without_marks(value), normal=normaliser.plain(value, self._known))

        self.params = side(parts.params)
        self.words, self.list = words, request.layout.messages
        self.heads = {part.kind: side(part) for part in parts.heads}
        self.tools = self.heads.pop("tools", Side(sent=[], normal=[]))
        self.messages: list[_Message] = []
        for index, part in enumerate(parts.messages):
            one = side(part)
            item = Item(digest=content_hash(one.normal), role=words.role(one.sent))
            self.messages.append(_Message(index=index, value=values[id(part)], side=one, item=item))
        self.tool_names = dict(call for one in self.messages for call in words.calls(one.side.sent))

    def numbered(self, message: _Message, numbers: dict[str, int]) -> list[int]:
        """Gives the numbers, over the whole request, of the ids that a message uses."""
        form = self._normaliser.form(message.value, self._known)
        return [numbers.setdefault(name, len(numbers)) for name in form.ids]


def diff_requests(
    recorded: Request, actual: Request, words: Words, *, recorded_by: Normaliser, actual_by: Normaliser
) -> tuple[Difference, ...]:
    """Gives every located difference between two requests, the cause first; none where fp1 is equal.

    Args:
        recorded: the request of the recording.
        actual: the request of the actual run.
        words: how their dialect names its places.
        recorded_by: the normaliser that the recorded fingerprints are made with.
        actual_by: the same for the actual run; one object for both where values are united.
    """
    old, new = _Request(recorded, recorded_by, words), _Request(actual, actual_by, words)
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
    before, after = _by_tool(old.tools, old.words), _by_tool(new.tools, new.words)
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
    for name, head in old.heads.items():
        for leaf in leaf_changes(head, new.heads[name]):
            yield _difference(leaf, place="system", where=_dotted((name, *leaf.path)), kind="prompt_edit")


def _in_messages(old: _Request, new: _Request) -> Iterator[Difference]:
    found = align([message.item for message in old.messages], [message.item for message in new.messages])
    left = [old.messages[place] for place, _ in found.pairs if place is not None]
    right = [new.messages[place] for _, place in found.pairs if place is not None]
    compaction = _compaction(left, right, found.tail, new)
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
        match leaf.path:
            case (str(container), int(place), *_) if container == new.words.container:
                block = place
            case _:
                pass
        place = 0 if block is None else block
        is_told = block is not None or new.words.container is None
        block_kind, tool = (
            new.words.block(actual.side.sent, place, new.tool_names) if is_told else (None, None)
        )
        words = f" ({block_kind} of {tool})" if tool else f" ({block_kind})" if block_kind else ""
        yield _difference(
            leaf,
            place="message",
            where=_dotted((new.list, actual.index, *leaf.path)) + words,
            kind=_kind(role, block_kind, new.words),
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


def _compaction(left: list[_Message], right: list[_Message], tail: int, new: _Request) -> Difference | None:
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
        where=f"{new.list}[{place.index}]",
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
                where=f"{new.list}[{actual.index}]",
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
    tool = request.words.block(sent, 0, request.tool_names)[1]
    return Difference(
        place="message",
        where=f"{request.list}[{message.index}]",
        change=change,
        recorded=sent if change == "missing" else None,
        actual=sent if change == "extra" else None,
        message=message.index if change == "extra" else None,
        recorded_message=message.index if change == "missing" else None,
        role=message.item.role,
        tool=tool,
        kind="history_edit",
    )


def _kind(role: str | None, block_kind: str | None, words: Words) -> Class:
    if block_kind is not None and words.is_output(block_kind):
        return "tool_output"
    return "history_edit" if role == "assistant" else "prompt_edit"


def _block_words(message: Json, place: int, tool_names: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Gives the kind of a message's block and the tool it belongs to."""
    content = message.get("content") if isinstance(message, dict) else None
    block = content[place] if isinstance(content, list) and place < len(content) else None
    if not isinstance(block, dict):
        return None, None
    call = block.get("tool_use_id")
    name = block.get("name") if "name" in block else tool_names.get(str(call))
    return _text(block, "type"), name if isinstance(name, str) else None


def _calls(message: Json) -> Iterator[tuple[str, str]]:
    for block in as_blocks(message.get("content")) if isinstance(message, dict) else ():
        match block:
            case {"id": str(call), "name": str(name)}:
                yield call, name


def _by_tool(tools: Side, words: Words) -> dict[str, Side]:
    found: dict[str, Side] = {}
    sent = tools.sent if isinstance(tools.sent, list) else []
    normal = tools.normal if isinstance(tools.normal, list) else []
    for place, (one, other) in enumerate(zip(sent, normal, strict=True)):
        found[words.tool_name(one) or str(place)] = Side(sent=one, normal=other)
    return found


def _is_summary(message: _Message) -> bool:
    sent = message.side.sent
    blocks = as_blocks(sent.get("content")) if isinstance(sent, dict) else ()
    return any(_SUMMARY_MARK in str(block.get("text", "")) for block in blocks)


def _text(value: Json, name: str) -> str | None:
    text = value.get(name) if isinstance(value, dict) else None
    return text if isinstance(text, str) else None


def _dotted(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
