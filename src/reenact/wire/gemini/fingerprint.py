"""What of a Gemini request counts when two requests are compared.

Left out of fp1: ids of calls by their value, signatures of thoughts, labels, and nulls. The model
counts, it stands in the address. The skeleton leaves out what tools gave back, unless that is an
error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenact.wire.counted import TOOL_OUTPUT, each, prepare_params, value_of, without
from reenact.wire.fingerprint import Part, Prepared
from reenact.wire.normalise import Id
from reenact.wire.rules import LISTING_DATES, UUIDS, Rule, Rules

if TYPE_CHECKING:
    from reenact.wire.canonical import Json, Object

DROPPED = frozenset({"labels"})
SEALED = frozenset({"thoughtSignature", "thought_signature"})
RULES = Rules(
    shapes=(UUIDS,),
    rules=(
        Rule(
            name="today",
            pattern=r"\b[Tt]oday's date is ([A-Z][a-z]+, [A-Z][a-z]+ \d{1,2}, \d{4})",
            hint="oday's date",
        ),
        Rule(name="process-group", pattern=r"(?m)^Process Group PGID: (\d+)", hint="PGID"),
        LISTING_DATES,
    ),
)
"""Rules for Gemini CLI, each needed in a run at another place (version 0.61)."""
_CALLS = ("functionCall", "functionResponse")


def prepare(part: Part) -> Prepared:
    """Reads a part: the value as sent, and what of it counts."""
    value = value_of(part)
    match part.kind:
        case "params":
            return prepare_params(value, transport=frozenset(), dropped=DROPPED)
        case "tools":
            return Prepared(exact=value, value=_tools(value))
        case "systemInstruction" if isinstance(value, dict):
            return Prepared(exact=value, value=_content(value))
        case "message" if isinstance(value, dict):
            counted = _content(value)
            masked = {**counted, "parts": each(counted.get("parts"), _masked)}
            return Prepared(exact=value, value=counted, skeleton=masked if masked != counted else None)
    return Prepared(exact=value, value=value)


def _content(content: Object) -> Object:
    counted = without(content, frozenset())
    if "parts" in content:
        counted["role"] = content.get("role") or "user"
        counted["parts"] = each(content["parts"], _part)
    return counted


def _part(part: Object) -> Json:
    counted = without(part, SEALED)
    for name in _CALLS:
        inner = counted.get(name)
        if isinstance(inner, dict):
            told = without(inner, frozenset())
            if isinstance(call := told.get("id"), str):
                told["id"] = Id(call)
            counted[name] = told
    return counted


def _masked(part: Object) -> Json:
    given = part.get("functionResponse")
    if not isinstance(given, dict):
        return part
    response = given.get("response")
    if isinstance(response, dict) and response.get("error"):
        return part
    return {**part, "functionResponse": {**given, "response": TOOL_OUTPUT}}


def _tools(tools: Json) -> Json:
    """Gives every tool by itself: how they are grouped says nothing."""
    if not isinstance(tools, list):
        return tools
    found: list[Json] = []
    for tool in tools:
        declared = tool.get("functionDeclarations") if isinstance(tool, dict) else None
        if isinstance(tool, dict) and isinstance(declared, list):
            found += [without(one, frozenset()) if isinstance(one, dict) else one for one in declared]
            rest = without(tool, frozenset({"functionDeclarations"}))
            found += [rest] if rest else []
        else:
            found.append(tool)
    return found
