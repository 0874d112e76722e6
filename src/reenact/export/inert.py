"""Makes recorded text inert inside Markdown: readable, and unable to do anything to the reader.

Nothing recorded becomes HTML, loads an image, runs a script from a link, or breaks out of the block
that it stands in. What it looks like in Markdown otherwise (lists, emphasis, code) stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from reenact.tree import safe, safe_lines

_FENCE = re.compile(r"( *)(?:(`{3,})([^`]*)|(~{3,})(.*))$")
_RUN = re.compile(r"^( *)(`{3,})")
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_LINK = re.compile(r"\]\((?!https?://|mailto:|#)")
_HTML = re.compile(r"(\\*)([&<])")
_SIGNS = re.compile(r"([\\`*_{}\[\]#+!|~])")
_ENTITIES = str.maketrans({sign: f"&#{ord(sign)};" for sign in "&<>*_`[]~\\!"})


def fenced(text: str, language: str = "") -> str:
    """Gives text as a code block whose fence is longer than any inside it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return "\n".join((fence + language, *safe_lines(text.removesuffix("\n")), fence))


def code(text: str) -> str:
    """Gives text as code within a line."""
    shown = safe(text).strip() or " "
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {shown} {fence}" if longest else f"{fence}{shown}{fence}"


def html(text: str) -> str:
    """Gives text on one line for the inside of an element of ours."""
    return escape(safe(text), quote=False)


def words(text: str) -> str:
    """Gives text on one line in which nothing is Markdown."""
    return _SIGNS.sub(r"\\\1", html(text))


def prose(text: str) -> str:
    """Gives text that keeps its Markdown; its code blocks are closed where it leaves them open."""
    return "\n".join(_prose(safe_lines(text)))


def quoted(text: str) -> str:
    """Gives prose as a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in prose(text).split("\n"))


def _prose(lines: list[str]) -> Iterator[str]:
    """Yields lines in which only code blocks that we opened ourselves hold anything unescaped.

    A fence with an indentation may belong to a list item and end with it, so its block is moved to
    the margin. Fences behind a quotation's or a list's sign are not followed: any line at the margin
    ends them, and what they hold is escaped.
    """
    fence, indentation = "", 0
    for line in lines:
        if fence:
            inside = line.strip()
            if len(inside) >= len(fence) and set(inside) == {fence[0]}:
                yield fence
                fence = ""
            else:
                yield line[min(indentation, len(line) - len(line.lstrip(" "))) :]
            continue
        opening = _FENCE.match(line)
        if opening is not None:
            indentation, fence = len(opening[1]), opening[2] or opening[4]
            yield fence + (opening[3] or opening[5] or "").rstrip()
        else:
            # a run of backticks that is no fence here could become one when what follows it is escaped
            yield _inline(_RUN.sub(r"\1\\\2", line))
    if fence:
        yield fence


def _inline(line: str) -> str:
    """Gives a line of prose: code with signs in it as an element of ours, everything else escaped."""
    parts: list[str] = []
    end = 0
    for span in _SPAN.finditer(line):
        parts.append(_unlinked(line[end : span.start()]))
        inside = span[2]
        is_plain = not re.search(r"[<>&\[\]]", inside)
        parts.append(span[0] if is_plain else f"<code>{inside.strip().translate(_ENTITIES)}</code>")
        end = span.end()
    return "".join((*parts, _unlinked(line[end:])))


def _unlinked(text: str) -> str:
    text = _HTML.sub(_as_entity, text).replace("![", "!\\[").replace("]:", "]\\:")
    return _LINK.sub("]\\(", text)


def _as_entity(found: re.Match[str]) -> str:
    """Gives a sign of HTML as an entity; a backslash that escaped it would escape the entity's sign."""
    backslashes = found[1]
    return backslashes[: len(backslashes) // 2 * 2] + escape(found[2])
