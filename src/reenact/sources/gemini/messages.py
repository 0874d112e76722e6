"""Messages to drafts: prompts, answers, tool calls, notices. The same id again adds what is new of it."""

from __future__ import annotations

import re

from reenact.events import AnyBlock
from reenact.events.blocks import Reasoning, Text, ToolCall
from reenact.events.bodies import (
    AssistantMessage,
    ContextInjected,
    Custom,
    ErrorBody,
    LimitHit,
    ProviderStatus,
    Unknown,
    UsageRecorded,
    UserMessage,
)
from reenact.sources.gemini import calls, content, usage
from reenact.sources.gemini.chat import Chat, Known
from reenact.sources.gemini.records import Message, responses
from reenact.sources.members import text
from reenact.sources.names import name_of
from reenact.sources.protocol import Disposition

INHERITED = "inherited"
_IMPORTED = "Imported session from "
_LIMIT = re.compile(
    r"(?i)\b429\b|RESOURCE_EXHAUSTED|quota (?:exceeded|limit)|exceeded your current quota|rate limit"
    r"|(?:usage|daily|session) limit (?:has been )?reached"
)
_STATUS = re.compile(r"(?i)\b(?:status|code)\W{1,4}(\d{3})\b|\bHTTP (\d{3})\b")
_WAIT = re.compile(r"(?i)retry in (\d+(?:\.\d+)?) ?s")


def take(chat: Chat, message: Message, *, is_history: bool = False) -> Disposition:
    """Takes a message; `is_history` is True for one that stands in a history put in place of the old."""
    said = content.plain(message.content)
    if message.type == "user" and content.is_context(message.id, said):
        _enlist(chat, message)
        chat.set_up(message)
        return "joined"
    known = chat.known.get(message.id)
    if known is not None:
        return _again(chat, message, known, said, is_history=is_history)
    _enlist(chat, message)
    known = chat.known[message.id] = Known(type=message.type, said=said, calls=set(), records=[])
    chat.drafts.ts = message.ts
    chat.drafts.lane = INHERITED if chat.is_past else None
    match message.type:
        case "user":
            found = _user(chat, message, known, is_history=is_history)
        case "gemini":
            found = _gemini(chat, message, known, is_history=is_history)
        case "info" | "warning" | "error":
            found = _notice(chat, message, known)
        case kind:
            chat.settle()
            chat.drafts.unknown.append(f"message/{kind or '(no type)'}")
            chat.drafts.emit(f"m:{message.id}", Unknown(name=f"message/{kind}", raw=message.raw))
            found = "events"
    chat.drafts.lane = None
    return found


def _enlist(chat: Chat, message: Message) -> None:
    chat.live.setdefault(message.id)


def _again(chat: Chat, message: Message, known: Known, said: str, *, is_history: bool) -> Disposition:
    """Takes a message that was met before: what is new of it is added, what it lacks now stays."""
    _enlist(chat, message)
    drafts = chat.drafts
    drafts.ts = message.ts
    drafts.lane = INHERITED if chat.is_past else None
    if message.type == "user" or known.type != "gemini":
        calls.answered(chat, message)
    else:
        _more(chat, message, known, said, is_history=is_history)
    drafts.lane = None
    return "repeat"


def _more(chat: Chat, message: Message, known: Known, said: str, *, is_history: bool) -> None:
    fresh = said.removeprefix(known.said) if said.startswith(known.said) else ""
    thoughts = _thoughts(message)[known.thoughts :]
    if fresh or thoughts:
        _say(chat, message, known, (*thoughts, *((Text(text=fresh),) if fresh else ())))
    elif said != known.said and not is_history:
        name = name_of(f"rewritten:{message.id}", said)
        chat.drafts.emit(name, Custom(name="gemini.rewritten", data=message.raw), spot=known.spot)
    _count(chat, message, known)
    calls.called(chat, message, known)


# -- users ------------------------------------------------------------------------------------


def _user(chat: Chat, message: Message, known: Known, *, is_history: bool) -> Disposition:
    if responses(message.content):
        return calls.answered(chat, message)
    drafts = chat.drafts
    if is_history and content.is_summary(known.said):
        chat.settle()
        calls.compacted(chat, message, known)
        return "events"
    chat.settle()
    chat.answer = None
    if is_history:
        return _recalled(chat, message, known, role="user")
    is_human = drafts.kind != "subagent"
    if not chat.is_past:
        drafts.start_loop(message.id, is_branch=chat.is_branch)
        chat.is_branch = False
    known.is_human = is_human
    origin = "prompt" if is_human else "task"
    known.spot = drafts.spot
    body = UserMessage(blocks=_asked(message), human=is_human, origin=origin, message=message.id)
    known.record = drafts.emit(f"m:{message.id}", body)
    known.records.append(known.record)
    return "events"


def _recalled(chat: Chat, message: Message, known: Known, *, role: str) -> Disposition:
    """Takes a message that only a new history has: nobody said it here (a saved chat, a note of the CLI)."""
    body = ContextInjected(blocks=content.blocks(message.content), role=role, origin="history")
    known.record = chat.drafts.emit(f"m:{message.id}", body)
    known.records.append(known.record)
    return "events"


def _asked(message: Message) -> tuple[AnyBlock, ...]:
    found = content.blocks(message.content)
    shown = content.plain(message.shown)
    if shown and found and isinstance(found[0], Text) and shown != content.plain(message.content):
        return (Text(text=found[0].text, extra={"shown": shown}), *found[1:])
    return found


# -- the model --------------------------------------------------------------------------------


def _gemini(chat: Chat, message: Message, known: Known, *, is_history: bool) -> Disposition:
    chat.settle()
    drafts = chat.drafts
    if is_history and message.tokens is None and message.model is None and not message.calls:
        return _recalled(chat, message, known, role="assistant")
    asker = chat.answer if _only_calls(message) and not is_history else None
    if asker is not None and asker.has_usage and not asker.calls:
        known.spot = asker.spot
    else:
        if not chat.is_past:
            drafts.open_turn(message.id)
        known.spot = drafts.spot
    chat.answer = known
    said = tuple(block for block in content.blocks(message.content) if not isinstance(block, ToolCall))
    blocks = (*_thoughts(message), *(block for block in said if not _is_empty(block)))
    if blocks:
        _say(chat, message, known, blocks)
    _count(chat, message, known)
    calls.called(chat, message, known)
    calls.asked(chat, message, known)
    return "metadata"


def _only_calls(message: Message) -> bool:
    """Tells whether a message holds the calls of the answer before it, as over ACP."""
    return bool(message.calls) and message.tokens is None and not message.content and not message.thoughts


def _is_empty(block: AnyBlock) -> bool:
    return isinstance(block, Text) and not block.text


def _thoughts(message: Message) -> tuple[Reasoning, ...]:
    found = []
    for thought in message.thoughts:
        subject, description = text(thought, "subject"), text(thought, "description")
        found.append(Reasoning(text=description or subject or "", summary=subject if description else None))
    return tuple(found)


def _say(chat: Chat, message: Message, known: Known, blocks: tuple[AnyBlock, ...]) -> None:
    body = AssistantMessage(blocks=blocks, message=message.id, model=message.model)
    record = chat.drafts.emit(f"m:{message.id}", body, spot=known.spot)
    known.record = known.record or record
    known.records.append(record)
    known.thoughts = len(message.thoughts)
    known.said = content.plain(message.content)


def _count(chat: Chat, message: Message, known: Known) -> None:
    """Books the tokens of a response, once; a history that lacks them takes nothing away."""
    told = None if known.has_usage else usage.tokens(message.tokens)
    if told is None:
        return
    known.has_usage = True
    body = UsageRecorded(
        key=usage.key(chat.drafts.id, message.id),
        tokens=told,
        model=message.model,
        final=True,
        inherited=chat.is_past,
        provider="google",
    )
    chat.drafts.emit(f"usage:{message.id}", body, spot=known.spot)


# -- notices ----------------------------------------------------------------------------------


def _notice(chat: Chat, message: Message, known: Known) -> Disposition:
    """Takes what the CLI told people; the model is not given it."""
    said = known.said
    if message.type == "info" and said.startswith(_IMPORTED):
        chat.is_past = True
    chat.settle()
    drafts = chat.drafts
    name = f"m:{message.id}"
    if message.type != "error":
        drafts.emit(name, ProviderStatus(message=said, data={"notice": message.type}))
        return "events"
    found = _STATUS.search(said)
    status = int(found[1] or found[2]) if found is not None else None
    is_limit = _LIMIT.search(said) is not None
    category = "rate_limit" if is_limit else None
    drafts.emit(name, ErrorBody(message=said, category=category, status=status))
    if is_limit:
        drafts.emit(
            f"limit:{message.id}", LimitHit(scope="quota", message=said, resets_at=_resets(message, said))
        )
    return "events"


def _resets(message: Message, said: str) -> int | None:
    wait = _WAIT.search(said)
    if wait is None or message.ts is None:
        return None
    return message.ts + int(float(wait[1][:12]) * 1_000_000)
