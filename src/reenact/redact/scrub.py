"""Puts placeholders in the place of secrets, in text and in JSON values."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote

import msgspec

from reenact.redact.detect import Hit, find, named
from reenact.redact.known import Known, compile_known
from reenact.redact.rules import BUILT_IN, Rule

EXEMPT_KEYS = frozenset(
    {
        "id", "uuid", "parentUuid", "leafUuid", "messageId", "message_id", "sessionId", "session_id",
        "requestId", "request_id", "call_id", "tool_use_id", "toolUseID", "tool_call_id", "response_id",
        "turn_id", "thread_id", "call", "event", "exchange", "session", "loop", "turn", "lane",
        "parent", "child", "original", "signature", "thoughtSignature", "thought_signature",
        "encrypted", "encrypted_content", "blob", "shape", "hash",
    }
)  # fmt: skip
"""Fields that carry protocol ids, signatures and hashes: what is written there survives untouched."""


class Scrubbed(msgspec.Struct, frozen=True, kw_only=True):
    """A text without its secrets; the hits tell where in the old text they stood."""

    text: str
    hits: tuple[Hit, ...] = ()


class ScrubbedValue(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON value without its secrets, and by which rules they were found."""

    value: Any
    rules: tuple[str, ...] = ()


def scrub(
    text: str, *, key: bytes, known: Known | Iterable[str] = (), rules: Sequence[Rule] = BUILT_IN
) -> Scrubbed:
    """Gives the text with `[redacted:<rule>:<digest>]` in place of every secret.

    The digest is keyed: under one key equal secrets have equal placeholders, and without the key
    nothing can be learnt from them. Scrubbing a scrubbed text changes nothing.

    Args:
        text: any text; JSON documents as well, raw or in strings of each other.
        key: the archive's placeholder key.
        known: values known to be secret (of at least six characters), whatever they look like.
        rules: what secrets look like.
    """
    hits = find(text, known=_known(known), rules=rules)
    if not hits:
        return Scrubbed(text=text)
    parts, end = [], 0
    for hit in hits:
        parts += [text[end : hit.start], placeholder(hit.rule, hit.secret, key)]
        end = hit.end
    return Scrubbed(text="".join((*parts, text[end:])), hits=tuple(hits))


def scrub_value(
    value: Any,
    *,
    key: bytes,
    known: Known | Iterable[str] = (),
    rules: Sequence[Rule] = BUILT_IN,
    exempt: frozenset[str] = EXEMPT_KEYS,
) -> ScrubbedValue:
    """Gives the JSON value with every string in it scrubbed, also by the name of its field.

    Strings in fields named in `exempt` are only searched for known values.
    """
    walk = _Walk(key, _known(known), rules, exempt)
    return ScrubbedValue(value=walk.value(value), rules=tuple(walk.rules))


def placeholder(rule: str, secret: str, key: bytes) -> str:
    """Gives what stands in a secret's place, the same for its raw, quoted and escaped forms."""
    plain = unquote(secret).replace("\\", "")
    digest = hmac.new(key, plain.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return f"[redacted:{rule}:{digest[:8]}]"


class _Walk:
    def __init__(
        self, key: bytes, known: Known | None, rules: Sequence[Rule], exempt: frozenset[str]
    ) -> None:
        self._key = key
        self._known = known
        self._patterns = rules
        self._exempt = exempt
        self.rules: list[str] = []

    def value(self, root: Any) -> Any:
        """Gives a scrubbed copy; without recursion, as recorded values may be nested deeply."""
        result: list[Any] = [None]
        waiting: list[tuple[Any, Any, str, Any]] = [(result, 0, "", root)]
        while waiting:
            target, slot, name, value = waiting.pop()
            match value:
                case str():
                    target[slot] = self._field(name, value)
                case dict():
                    fields: dict[str, Any] = {}
                    target[slot] = fields
                    for key, each in value.items():
                        new = self._text(str(key), self._patterns)
                        while new in fields:  # two spellings of one secret
                            new += "'"
                        fields[new] = None
                        waiting.append((fields, new, str(key), each))
                case list() | tuple():
                    target[slot] = items = [None] * len(value)
                    waiting += [(items, index, name, each) for index, each in enumerate(value)]
                case _:
                    target[slot] = value
        return result[0]

    def _field(self, name: str, value: str) -> str:
        if name in self._exempt:
            return self._text(value, ())
        scrubbed = self._text(value, self._patterns)
        # What is left is judged, so that scrubbing once is enough.
        rule = named(name, scrubbed, self._patterns) if name else None
        if rule is None:
            return scrubbed
        self.rules.append(rule)
        return placeholder(rule, value, self._key)

    def _text(self, text: str, rules: Sequence[Rule]) -> str:
        scrubbed = scrub(text, key=self._key, known=self._known or (), rules=rules)
        self.rules += [hit.rule for hit in scrubbed.hits]
        return scrubbed.text


def _known(known: Known | Iterable[str]) -> Known | None:
    if isinstance(known, Known):
        return known
    values = tuple(known)
    return compile_known(values) if values else None
