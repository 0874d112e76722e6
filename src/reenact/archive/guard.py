"""Takes secrets out of what is captured and of what leaves, by the settings and the environment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reenact import redact
from reenact.config import config_path
from reenact.errors import ConfigError

if TYPE_CHECKING:
    from reenact.config import Redaction

_SECRET_NAME = re.compile(r"(?i)(api_?key|token|secret|passw|credential)")
_SECRET = 12
"""Shorter values stand in ordinary text by chance."""


class Guard:
    """Knows the archive's placeholder key, the rules, and the secrets of this environment.

    Raises:
        ConfigError: a rule of the user's own is none.
    """

    def __init__(self, key: str, settings: Redaction, variables: Mapping[str, str]) -> None:
        self._key = key.encode()
        values = _secrets_of(variables, settings.known)
        self._known = redact.Known(values)
        try:
            own = [redact.custom(name, pattern) for name, pattern in settings.patterns.items()]
        except ValueError as error:
            raise ConfigError(str(config_path(variables)), str(error)) from error
        self._rules = (*redact.BUILT_IN, *own)
        keywords = [word for rule in redact.BUILT_IN for word in rule.keywords]
        long = [value for value in values if len(value) >= redact.SHORTEST]
        gate = redact.Gate(keywords, long, harmless=redact.HARMLESS)
        self.is_clean: Callable[[bytes], bool] = _is_never_clean if own else gate.is_clean
        """Tells, very quickly, that a text or its JSON holds nothing to scrub; False says nothing."""

    def text(self, text: str) -> str:
        """Gives a text with placeholders in place of what looks like a secret."""
        return redact.scrub(text, key=self._key, known=self._known, rules=self._rules).text

    def value(self, value: Any) -> Any:
        """Gives a JSON value with every text in it scrubbed."""
        return redact.scrub_value(value, key=self._key, known=self._known, rules=self._rules).value

    def find(self, text: str) -> Iterator[str]:
        """Yields the rule of every secret in a text."""
        return (hit.rule for hit in redact.find(text, known=self._known, rules=self._rules))


def _is_never_clean(_: bytes) -> bool:
    return False


def _secrets_of(variables: Mapping[str, str], known: Iterable[str]) -> list[str]:
    """Gives the values that must not leave: those the user names, and keys in the environment."""
    named = [
        value for name, value in variables.items() if _SECRET_NAME.search(name) and len(value) >= _SECRET
    ]
    return [*known, *named]
