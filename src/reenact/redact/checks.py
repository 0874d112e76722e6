"""Tells a secret from text that only has the shape of one."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter
from typing import assert_never
from urllib.parse import unquote

from reenact.redact.rules import EXEMPT, Check

_RUN = re.compile(r"[A-Za-z0-9]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+")
_SYMBOL = re.compile(r"[!@#$%^&*+=?~|]")
_LOOKUP = re.compile(
    r"(?:os\.environ|process\.env|\$\{|\{\{|env\.|import\.meta|getenv|xxxx|\*{4})", re.IGNORECASE
)
_MIXED_BITS = 2.3
_TOKEN_BITS = 3.0
_TOKEN_LENGTH = 12
_TOKEN_RUN = 8
_KEY_RUN = 20
_ENOUGH = 128
"""Characters by which a value is judged."""


def is_secret(value: str, check: Check) -> bool:
    """Tells whether a value passes its rule's check, and is no id that must survive."""
    value = unquote(value) if "%" in value else value
    if EXEMPT.fullmatch(value):
        return False
    match check:
        case "none":
            return True
        case "mixed":
            return _is_mixed(value[:_ENOUGH])
        case "token":
            return _is_token(value[:_ENOUGH])
        case "basic":
            return _is_basic(value)
        case "literal":
            return not _LOOKUP.search(value) and value[0] not in "$<{*"
        case "key":
            return any(len(run) >= _KEY_RUN for run in _BASE64.findall(value))
        case _:
            assert_never(check)


def entropy(text: str) -> float:
    """Gives Shannon's entropy in bits a character.

    >>> entropy("aabb")
    1.0
    """
    length = len(text)
    return -sum(count / length * math.log2(count / length) for count in Counter(text).values())


def _is_mixed(value: str) -> bool:
    """Letters together with digits or symbols, as in passwords; words and names are not."""
    if _LOOKUP.search(value) or entropy(value) < _MIXED_BITS:
        return False
    has_letter = any(letter.isalpha() for letter in value)
    return has_letter and (any(digit.isdigit() for digit in value) or bool(_SYMBOL.search(value)))


def _is_token(value: str) -> bool:
    """Long, mixed, and with a stretch that no words and hyphens break up."""
    if len(value) < _TOKEN_LENGTH or _LOOKUP.search(value) or entropy(value) < _TOKEN_BITS:
        return False
    digits = sum(letter.isdigit() for letter in value)
    if digits < 2 or digits == len(value):
        return False
    return any(
        len(run) >= _TOKEN_RUN and not run.isalpha() and not run.isdigit() for run in _RUN.findall(value)
    )


def _is_basic(value: str) -> bool:
    """Base64 of `name:password`."""
    plain = value.replace("-", "+").replace("_", "/")
    try:
        decoded = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return ":" in decoded and decoded.isprintable()
