"""One live session: its context can be read and edited at any time. Every edit is an event."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import Token
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, Self

import msgspec

from reenact.errors import (
    ArchiveBusyError,
    ArchiveError,
    NotFoundError,
    SessionBusyError,
    SessionClosedError,
    UsageError,
)
from reenact.events import AnyBlock, AnyBody, Event, Header, blocks, bodies
from reenact.events.bodies import EndStatus
from reenact.recorder import Here, Session, innermost
from reenact.recorder.content import blocks_of
from reenact.recorder.here import enter, leave
from reenact.sessions import compaction, pairs
from reenact.sessions.context import Context
from reenact.sessions.message import Message
from reenact.sessions.past import shared_past
from reenact.sessions.subscription import Closed, Subscription
from reenact.sessions.values import Ancestry, Compaction, Snapshot
from reenact.store import own_events
from reenact.tree import SHORTEN

if TYPE_CHECKING:
    from reenact.sessions.registry import LiveSessions
    from reenact.store import Tail

ROLES = ("user", "assistant", "system", "tool")


class LiveSession:
    """A session that is open for writing, rests on disk until it is needed, or is only read.

    Got from `LiveSessions`. Safe for threads. As a context manager it is the current session inside,
    and is closed at the end.
    """

    def __init__(self, registry: LiveSessions, header: Header, session: Session | None) -> None:
        self._registry = registry
        self._session: Session | None = None
        self._lock = registry.lock
        self._context: Context | None = None
        self._tail: Tail | None = None
        self._subscriptions: list[weakref.ref[Subscription]] = []
        self._tokens: list[Token[Here | None] | None] = []
        self.header = header
        self.id = header.id
        if session is not None:
            self._attach(session)

    # -- state ----------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """True where it can be written to; it may be resting on disk."""
        return self._session is not None and self._session.is_open

    @property
    def session(self) -> Session:
        """The recording: messages, loops, turns, tools and model calls are told to it.

        Raises:
            SessionClosedError: it is closed.
        """
        if self._session is None or not self._session.is_open:
            raise SessionClosedError(self.id)
        return self._session

    def length(self) -> int:
        """Gives how many messages the context holds."""
        return self.context().length()

    def messages(self, at: int | None = None) -> tuple[Message, ...]:
        """Gives the context as the model would be shown it; with `at`, as it was after that event."""
        context = self.context()
        return context.messages(None if at is None else context.shared + at)

    def events(self, *, start: int = 1, stop: int | None = None) -> Iterator[Event]:
        """Yields its own events with `start` <= seq < `stop`, those of the past that was left behind, too."""
        found = own_events(self._registry.store, self.id, stop=stop)
        return (event for event in found if event.seq >= start)

    def ancestry(self) -> Ancestry:
        """Gives its parent, its children, and the session at the top."""
        return self._registry.ancestry(self.id)

    def active_skills(self) -> tuple[str, ...]:
        """Gives the skills that were activated here and not deactivated since."""
        return self.context().skills

    def snapshot(self) -> Snapshot:
        """Gives all of it as it stands."""
        context = self.context()
        messages = context.messages()
        return Snapshot(
            id=self.id,
            agent=self.header.agent,
            is_open=self.is_open,
            last=context.own,
            messages=messages,
            skills=context.skills,
            tokens=_tokens(messages),
            ancestry=self.ancestry(),
        )

    # -- adding ---------------------------------------------------------------------------------

    def message(
        self, role: Literal["user", "assistant", "system"], content: str | Sequence[AnyBlock], **more: Any
    ) -> Event:
        """Records what was said; `more` is what `Session.message` takes."""
        return self._kept(lambda session: session.message(role, content, **more))

    def inject(
        self,
        role: str,
        content: str | Sequence[AnyBlock],
        *,
        call: str | None = None,
        is_error: bool = False,
        origin: str | None = "inject",
    ) -> Event:
        """Puts something into the context that nobody said; as a `tool`, the result of `call`.

        Raises:
            UsageError: the role is none.
        """
        if role not in ROLES:
            raise UsageError(f"role {role!r} is none of {', '.join(ROLES)}")
        if role == "tool" and call is not None:
            output = content if isinstance(content, str) else [_builtin(block) for block in content]
            content = (blocks.ToolResult(call=call, output=output, is_error=is_error),)
        said = blocks_of(content)
        if not said:
            raise UsageError("there is nothing to inject", hint="content is a text or some blocks")
        return self.emit(bodies.ContextInjected(blocks=said, role=role, origin=origin))

    def emit(self, body: AnyBody) -> Event:
        """Records an event of any kind.

        Raises:
            SessionClosedError: it is closed.
            SessionBusyError: it rested, and somebody else writes to it by now.
            ArchiveError: the event could not be kept.
        """
        return self._kept(lambda session: session.emit(body))

    # -- editing --------------------------------------------------------------------------------

    def trim(self, keep_last: int, *, on_unpaired: pairs.OnUnpaired = "error") -> int:
        """Takes all but the last messages out of the context; gives how many stayed.

        Raises:
            UnpairedError: the first that stays is the result of a call that goes, and `on_unpaired` is
                `"error"`; `"include"` lets the call stay, too, `"drop"` lets both go.
        """
        if not isinstance(keep_last, int) or isinstance(keep_last, bool) or keep_last < 0:
            raise UsageError(f"keep_last={keep_last!r} is no count", hint="give 0 or more")
        pairs.check_way(on_unpaired)
        with self._lock:
            messages = self.messages()
            stay = pairs.trimmed(self.id, messages, keep_last, on_unpaired)
            if len(stay) < len(messages):
                begin = min(stay, default=len(messages))
                gone = [messages[at] for at in range(begin, len(messages)) if at not in stay]
                removed = tuple(event for message in gone for event in message.events)
                self.emit(bodies.ContextTrimmed(keep_last=len(stay), removed=removed))
            return len(stay)

    def compact(self, strategy: compaction.Strategy | None = None, **options: Any) -> Compaction:
        """Makes the context shorter; the originals stay where they are, and `restore` gives them back.

        Args:
            strategy: see `compaction.OPTIONS` for each one's options; `summarise` where a function of
                that name is among the options, else `truncate`.
            options: `keep_first` and `keep_last` count messages that stay as they are.

        Returns:
            What it did; nothing where the context is short, where only a summary would be summed up and
            not become half as long, or where it was edited while a summary was written.

        Raises:
            UsageError: there is no such strategy or option.
        """
        strategy = strategy or ("summarise" if "summarise" in options else "truncate")
        chosen = compaction.chosen(strategy, options)
        messages = self.messages()
        plan = compaction.plan(messages, strategy, chosen)  # which may take a model's time: nobody waits
        with self._lock:
            now = self.messages()
            if plan.is_empty or now[: len(messages)] != messages:
                return self._compaction(strategy, plan, now, None)
            since = now[len(messages) :]
            kept = () if strategy == "shorten" else (*plan.kept, *since)
            body = bodies.CompactionFinished(
                strategy=SHORTEN if strategy == "shorten" else strategy,
                trigger="manual",
                before=_tokens(now),
                after=_after(plan) + _tokens(since),
                summary=plan.summary,
                kept=tuple(event for message in kept for event in message.events),
                archived=tuple(event for message in plan.archived for event in message.events),
                replacement=plan.replacement,
            )
            return self._compaction(strategy, plan, now, self.emit(body))

    def _compaction(
        self, strategy: str, plan: compaction.Plan, before: Sequence[Message], event: Event | None
    ) -> Compaction:
        after = self.messages() if event is not None else before
        return Compaction(
            strategy=strategy,
            before=len(before),
            after=len(after),
            tokens_before=_tokens(before),
            tokens_after=_tokens(after),
            summary=plan.summary if event is not None else None,
            event=event.id if event is not None else None,
        )

    def restore(self, edit: str | None = None) -> bool:
        """Undoes a compaction (the last one unless told), trim or reset; what came since stays.

        Returns:
            Whether there was one to undo.

        Raises:
            NotFoundError: the event is no such edit of this session.
        """
        with self._lock:
            context = self.context()
            if edit is None:
                last = context.last_compaction()
                if last is None:
                    return False
                edit = last.id
            mark = context.find(edit)
            if mark is None or not isinstance(mark.event.body, _UNDOABLE):
                raise NotFoundError(
                    f"session {self.id} has no edit {edit!r}", hint="name a compaction, trim or reset"
                )
            self.emit(bodies.ContextReverted(abandoned=(edit,), reason="restored"))
            return True

    def reset(self, reason: str | None = None) -> None:
        """Empties the context; id, past and subscribers stay."""
        self.emit(bodies.ContextReset(reason=reason))

    def revert(self, to: str | int | None = None, *, turns: int | None = None) -> int:
        """Goes back to the context as it was after an event (its id or position), or by so many user turns.

        Returns:
            How many messages the context holds now.

        Raises:
            NotFoundError: there is no such event.
        """
        if (to is None) == (turns is None):
            raise UsageError(
                "revert takes an event or a number of turns", hint="revert(120), revert(turns=1)"
            )
        with self._lock:
            context = self.context()
            if to is not None:
                self._go_back(context, self._position(context, to) + 1, None)
            elif turns:
                messages = context.messages()
                asked = [at for at, message in enumerate(messages) if pairs.is_user_turn(message)][-turns:]
                first = messages[asked[0]] if len(asked) == turns else None
                mark = context.find(first.events[0]) if first is not None else None
                self._go_back(context, mark.position if mark else 0, messages[: asked[0]] if mark else ())
            return self.length()

    def _position(self, context: Context, to: str | int) -> int:
        if isinstance(to, int):
            if not 0 <= to <= context.own:
                raise NotFoundError(f"session {self.id} has no event {to}")
            return context.shared + to
        mark = context.find(to)
        if mark is not None:
            return mark.position
        everything = chain(shared_past(self._registry.store, self.id), self.events())
        for position, event in enumerate(everything, 1):
            if event.id == to:
                return position
        raise NotFoundError(f"session {self.id} has no event {to!r}")

    def _go_back(self, context: Context, before: int, wanted: Sequence[Message] | None) -> None:
        """Goes back to what was before a position; where that is not what is wanted, what is behind goes."""
        mark = context.before(before)
        held = context.messages(mark.position) if mark is not None else ()
        if wanted is not None and [m.events for m in held] != [m.events for m in wanted]:
            gone = context.messages()[len(wanted) :]
            removed = tuple(event for message in gone for event in message.events)
            self.emit(bodies.ContextTrimmed(removed=removed, reason="reverted"))
        elif mark is None:
            self.emit(bodies.ContextReset(reason="reverted"))
        else:
            self.emit(bodies.ContextReverted(to=mark.event.id))

    # -- lineage --------------------------------------------------------------------------------

    def fork(
        self,
        id: str | None = None,  # noqa: A002 - the field's word
        *,
        at: str | int | None = None,
        messages: int | None = None,
        on_unpaired: pairs.OnUnpaired = "error",
        **inputs: Any,
    ) -> LiveSession:
        """Gives a new session that shares this one's past; see `LiveSessions.fork`."""
        return self._registry.fork(
            self.id, at=at, messages=messages, id=id, on_unpaired=on_unpaired, **inputs
        )

    def fork_at(
        self,
        event: str | int | None = None,
        *,
        messages: int | None = None,
        id: str | None = None,  # noqa: A002
        on_unpaired: pairs.OnUnpaired = "error",
        **inputs: Any,
    ) -> LiveSession:
        """Forks at an event (its id or position), or behind the first so many messages of the context."""
        if (event is None) == (messages is None):
            raise UsageError("fork_at takes an event or a number of messages")
        return self.fork(id, at=event, messages=messages, on_unpaired=on_unpaired, **inputs)

    def open_child(
        self,
        *,
        agent: str,
        inherit: bool | Literal["summary"] = True,
        summarise: compaction.Summarise | None = None,
        on_unpaired: pairs.OnUnpaired = "drop",
        **inputs: Any,
    ) -> LiveSession:
        """Gives the live session of a sub-agent, linked both ways.

        Args:
            agent: the agent.
            inherit: whether it begins with this session's context, with a summary of it, or empty.
            summarise: writes that summary; without, the messages' beginnings are it.
            on_unpaired: what becomes of calls under way, the one that starts the sub-agent among them.
            inputs: what `Session.child` takes: task, call, name, model, config, background.
        """
        return self._registry.open_child(
            self, agent=agent, inherit=inherit, summarise=summarise, on_unpaired=on_unpaired, inputs=inputs
        )

    def link_child(self, child: str, *, call: str | None = None, name: str | None = None) -> Event:
        """Tells that another session is this one's sub-agent.

        Raises:
            NotFoundError: there is no such session.
            UsageError: it is this session, or one that this one comes from.
        """
        known = self._registry.linkable(self.id, child)
        return self._kept(lambda session: session.link_child(known, call=call, name=name))

    # -- listening ------------------------------------------------------------------------------

    def subscribe(self, since: int | None = None, *, limit: int = 256) -> Subscription:
        """Gives what is recorded here from now on, or behind the event at `since`; at most `limit` wait.

        It is heard as long as somebody holds the subscription.
        """
        with self._lock:
            live = self.session
            assert live.recorder is not None
            if since is not None and since < 0:
                raise UsageError(f"since={since} is no position", hint="0 begins with the first event")
            store, name = self._registry.store, self.id
            subscription = Subscription(
                lambda after: store.tail(name, after=after), last=live.recorder.last, since=since, limit=limit
            )
            self._subscriptions = [*self._heard(), weakref.ref(subscription)]
            subscription.listening(live.recorder.last)
            return subscription

    @property
    def subscribers(self) -> int:
        """How many listen."""
        return len(self._heard())

    def _heard(self) -> list[weakref.ref[Subscription]]:
        return [ref for ref in self._subscriptions if (one := ref()) is not None and not one.is_over]

    def _hear(self, event: Event) -> None:
        """Hands an event to who listens; called under the recorder's lock."""
        for ref in self._subscriptions:
            subscription = ref()
            if subscription is not None:
                subscription.offer(event)

    def _announce(self, *, is_resting: bool) -> None:
        for ref in self._subscriptions:
            subscription = ref()
            if subscription is not None:
                subscription.notice(Closed(session=self.id, is_resting=is_resting))

    # -- beginning and end ----------------------------------------------------------------------

    def close(
        self, status: EndStatus = "completed", *, error: str | None = None, result: str | None = None
    ) -> None:
        """Ends it; what is open in it is aborted and keeps what it had. `reopen` goes on where it was."""
        with self._lock:
            if self._session is None:
                return
            session, self._session = self._session, None
            self._forget()
        session.end(status, error=error, result=result)
        self._registry.closed(self)
        self._announce(is_resting=False)
        self._subscriptions = []

    def reopen(self) -> Self:
        """Opens it again where it was closed.

        Raises:
            SessionBusyError: somebody else writes to it.
        """
        self._registry.reopen(self)
        return self

    def rest(self) -> None:
        """Lets go of the memory and of the writing until it is needed again; nothing is said of it."""
        with self._lock:
            if self._session is not None and self._session.recorder is not None:
                self._session.recorder.rest()
                self._forget()
        self._announce(is_resting=True)

    def current(self) -> Current:
        """Gives a block in which this is the current session; leaving it closes nothing."""
        return Current(self)

    def __enter__(self) -> Self:
        self._tokens.append(enter(Here(session=self.session, above=innermost())))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        leave(self._tokens.pop())
        if error is None:
            self.close()
        elif isinstance(error, Exception):
            self.close("failed", error=f"{type(error).__name__}: {error}")
        else:
            self.close("aborted", error=type(error).__name__)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        self.__exit__(kind, error, trace)

    # -- inside ---------------------------------------------------------------------------------

    def _attach(self, session: Session) -> None:
        self._session = session
        assert session.recorder is not None
        session.recorder.witness = self._hear

    def attach(self, session: Session) -> None:
        """Goes on with a recording that was begun for it."""
        with self._lock:
            self._attach(session)

    def _forget(self) -> None:
        self._context = self._tail = None

    def context(self) -> Context:
        """Gives the context over time, with everything recorded so far, whoever did."""
        with self._lock:
            self._registry.touch(self)
            store = self._registry.store
            if self._context is None or self._tail is None:
                self._context = Context(shared_past(store, self.id))
                self._tail = store.tail(self.id)
            context = self._context
            for event in self._tail.read():
                context.add(event)
            if not self._tail.last:  # it was imported, or nothing was recorded yet
                for event in store.events(self.id, start=context.own + 1):
                    context.add(event)
            return context

    def _kept(self, record: Callable[[Session], Event | None]) -> Event:
        with self._lock:
            session = self.session
            recorder = session.recorder
            if recorder is not None and recorder.is_elsewhere:
                raise SessionBusyError(self.id)
            self._registry.touch(self)
            event = record(session)
        if event is None:
            cause = recorder.cause if recorder is not None else None
            if isinstance(cause, ArchiveBusyError):
                raise SessionBusyError(self.id)
            raise ArchiveError(f"session {self.id} could not be written: {session.degraded}")
        return event


class Current:
    """Makes a live session the current one for a while."""

    def __init__(self, live: LiveSession) -> None:
        self._live = live
        self._token: Token[Here | None] | None = None

    def __enter__(self) -> LiveSession:
        self._token = enter(Here(session=self._live.session, above=innermost()))
        return self._live

    def __exit__(self, *_: object) -> None:
        leave(self._token)


_UNDOABLE = (bodies.CompactionFinished, bodies.ContextTrimmed, bodies.ContextReset)


def _tokens(messages: Sequence[Message]) -> int:
    return sum(message.tokens for message in messages)


def _after(plan: compaction.Plan) -> int:
    results = Message(role="tool", blocks=plan.replacement, events=(), session="", seq=0)
    return _tokens(plan.kept) + len(plan.summary or "") // 4 + results.tokens


def _builtin(block: AnyBlock) -> Mapping[str, Any]:
    told: Mapping[str, Any] = msgspec.to_builtins(block)
    return told
