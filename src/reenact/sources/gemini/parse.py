"""A chat file's lines to drafts: one pass, in order, never looking ahead.

The same parser reads `.jsonl` (a journal of changes) and `.json` (one document, rewritten on every
change): the drafts of a shorter state of either are a prefix of the drafts of a longer one.
"""

from __future__ import annotations

import msgspec

from reenact.events.bodies import ContextReverted, ParseWarning, Unknown
from reenact.sources import lines
from reenact.sources.gemini import calls, content, flat, messages
from reenact.sources.gemini.chat import Chat
from reenact.sources.gemini.document import is_torn, torn
from reenact.sources.gemini.records import Change, Message, Meta, Record, Rewind, is_row, read
from reenact.sources.names import name_of
from reenact.sources.protocol import Disposition, Line, Parsed, Setting

VERSION = 3


class GeminiParser:
    """Reads one chat file from its first line on."""

    def __init__(self, setting: Setting, *, states: flat.States | None = None) -> None:
        self._setting = setting
        self._states = states
        self._chat = Chat(setting)
        self._sub_chats: list[Chat] = []
        self._is_document = setting.hints.get("layout") == "document"

    def feed(self, line: Line) -> Parsed:
        decoded = lines.decode(line, is_row=is_row)
        if decoded.held:
            return Parsed(disposition="held")
        if self._is_document and is_torn(line, decoded.warning):
            frame = torn(line.data)
            if frame is not None:
                self._record(frame, raw=None)
            return self._taken("warning")
        disposition: Disposition = "metadata"
        for value in decoded.values:
            disposition = self._record(read(value), raw=value)
        if decoded.warning is not None:
            self._warn(decoded.warning)
            disposition = "warning"
        return self._taken(disposition)

    def _taken(self, disposition: Disposition) -> Parsed:
        return self._chat.drafts.taken(disposition, others=[chat.drafts for chat in self._sub_chats])

    def _warn(self, warning: ParseWarning) -> None:
        self._chat.drafts.ts = None
        self._chat.settle()
        self._chat.drafts.emit(
            name_of("warn", f"{warning.category}\x1f{warning.size}\x1f{warning.raw}"), warning
        )

    def _record(self, record: Record | None, *, raw: object) -> Disposition:
        chat = self._chat
        match record:
            case Message():
                return messages.take(chat, record)
            case Meta():
                return self._header(record)
            case Change():
                return self._change(record)
            case Rewind():
                return self._rewind(record)
            case None:
                chat.drafts.ts = None
                chat.settle()
                chat.drafts.unknown.append("record")
                chat.drafts.emit(name_of("unknown", repr(raw)), Unknown(name="record", raw=raw))
                return "events"

    def _header(self, meta: Meta) -> Disposition:
        told = meta.messages or ()
        if flat.is_flat(meta, is_document=self._is_document, has_root="root" in self._setting.hints):
            self._sub_agents(meta, flat.parted(told))
            return "metadata"
        parted = flat.Parted(own=told) if self._states is None else self._states.part(told)
        self._chat.begin(meta)
        for message in parted.own:
            messages.take(self._chat, message)
        self._summary(meta, is_own=self._is_document)
        self._sub_agents(meta, parted.others)
        return "metadata"

    def _sub_agents(self, meta: Meta, others: tuple[flat.SubChat, ...]) -> None:
        """Takes what sub-agents wrote under the id of the session above: each is a session of its own."""
        above = meta.session or self._setting.key
        for other in others:
            native = f"{above}:{other.name}"
            hints = {**self._setting.hints, "session": native, "root": above}
            chat = Chat(msgspec.structs.replace(self._setting, key=native, hints=hints))
            chat.drafts.parent_call = other.call
            chat.begin(Meta(session=native, project=meta.project, ts=other.messages[0].ts, kind="subagent"))
            for message in other.messages:
                messages.take(chat, message)
            self._sub_chats.append(chat)

    def _change(self, change: Change) -> Disposition:
        chat = self._chat
        if change.tells_session or change.meta.messages is not None:
            chat.is_past = False
        if change.meta.messages is not None:
            self._replace(change.meta.messages)
        self._summary(change.meta, is_own=True)
        return "metadata" if change.meta.messages is None else "joined"

    def _replace(self, history: tuple[Message, ...]) -> None:
        """Takes a history in place of the one there was; nothing that was told is taken back."""
        chat = self._chat
        there = {message.id for message in history}
        lacking = [each for each in dict.fromkeys((*chat.gone, *chat.live)) if each not in there]
        chat.live = {each: None for each in chat.live if each in there}
        is_summed_up = any(
            message.id not in chat.known and content.is_summary(content.plain(message.content))
            for message in history
        )
        chat.gone = [] if is_summed_up else [each for each in lacking if chat.is_talk(each)]
        for message in history:
            messages.take(chat, message, is_history=True)
        chat.live = dict.fromkeys(message.id for message in history)

    def _rewind(self, rewind: Rewind) -> Disposition:
        """Goes back to before a message; to one that is not there: back to nothing, as the producer does."""
        chat = self._chat
        chat.drafts.ts = None
        chat.settle()
        live = list(chat.live)
        place = live.index(rewind.to) if rewind.to in chat.live else 0
        left, chat.live = live[place:], dict.fromkeys(live[:place])
        abandoned = [record for each in left for record in chat.known[each].records]
        kept = [record for each in chat.live for record in chat.known[each].records]
        if not abandoned:
            return "metadata"
        chat.drafts.end_loop()
        body = ContextReverted(
            to=chat.drafts.event(kept[-1]) if kept else None,
            abandoned=tuple(map(chat.drafts.event, abandoned)),
            reason="rewind",
        )
        chat.drafts.emit(name_of("rewind", "\x1f".join((rewind.to, *abandoned))), body)
        chat.is_branch = True
        return "events"

    def _summary(self, meta: Meta, *, is_own: bool) -> None:
        """Takes the one line that a later model call made of the session (its usage is in no log)."""
        chat = self._chat
        said = meta.summary
        if said is None or said in chat.titles:
            return
        chat.titles.add(said)
        if not chat.known:  # told with the beginning, if anything ever happens
            chat.title = said
            return
        chat.drafts.ts = None
        chat.settle()
        if chat.drafts.kind == "subagent":
            calls.ended(chat, result=said)
            return
        name = chat.entitle(said)
        if is_own:
            calls.unrecorded(chat, "title", name)


class Hindsight:
    """See `sources.Hindsight`."""

    def __init__(self) -> None:
        self._states = flat.States()

    def learn(self, line: Line) -> None:
        """Takes one state of a document."""
        for value in lines.decode(line, is_row=is_row).values:
            record = read(value)
            if isinstance(record, Meta):
                self._states.learn(record)

    def parser(self, setting: Setting) -> GeminiParser:
        """Gives a reader of any of the states."""
        return GeminiParser(setting, states=self._states)
