"""Small agents over the official clients: a main one, and a sub-agent that one of its tools starts."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import anthropic
import openai
from google import genai
from google.genai import types

from reenact import Session, current

LOOK: Any = {
    "name": "look",
    "description": "Reads a file",
    "parameters": {"type": "object", "properties": {"path": {"type": "string"}}},
}
KEY = "sk-proj-" + "a1B2c3D4e5F6" * 4
MODEL = "gpt-test"


def chat(client: openai.OpenAI, prompt: str, *, stream: bool, look: Any) -> str:
    """Asks until the model yields, running the tool that it asks for."""
    messages: list[Any] = [{"role": "user", "content": prompt}]
    while True:
        said = _said(client, messages, stream=stream)
        messages.append(said)
        if not said.get("tool_calls"):
            return str(said["content"])
        for call in said["tool_calls"]:
            told = look(call["id"], json.loads(call["function"]["arguments"]))
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": told})


def _said(client: openai.OpenAI, messages: list[Any], *, stream: bool) -> dict[str, Any]:
    tools: Any = [{"type": "function", "function": LOOK}]
    if not stream:
        whole = client.chat.completions.create(model=MODEL, messages=messages, tools=tools)
        return whole.choices[0].message.to_dict()
    with client.chat.completions.stream(
        model=MODEL, messages=messages, tools=tools, stream_options={"include_usage": True}
    ) as events:
        for _ in events:
            pass
        return events.get_final_completion().choices[0].message.to_dict()


def recorded_look(session: Session, client: openai.OpenAI, *, stream: bool) -> Any:
    """A tool that asks a sub-agent."""

    def look(call: str, given: Any) -> str:
        with session.tool("look", given, call=call) as tool:
            with session.child(agent="reader", task="read it") as child:
                assert current() is child
                told = chat(client, "tool said: read", stream=stream, look=None)
            tool.finish(told, child=child.id)
        return f"tool said {told}"

    return look


def responses(client: openai.OpenAI, prompt: str) -> str:
    with client.responses.stream(model=MODEL, input=prompt) as events:
        for _ in events:
            pass
        return events.get_final_response().output_text


async def responses_async(client: openai.AsyncOpenAI, *prompts: str) -> list[str]:
    async def one(prompt: str) -> str:
        told = await client.responses.create(model=MODEL, input=prompt)
        return told.output_text

    return list(await asyncio.gather(*map(one, prompts)))


def messages(client: anthropic.Anthropic, prompt: str) -> str:
    with client.messages.stream(
        model="claude-opus-5-5", max_tokens=100, messages=[{"role": "user", "content": prompt}]
    ) as stream:
        return stream.get_final_text()


def gemini(client: genai.Client, prompt: str) -> str:
    pieces = client.models.generate_content_stream(model="gemini-test", contents=prompt)
    return "".join(piece.text or "" for piece in pieces)


def gemini_client(address: str, http_client: Any) -> genai.Client:
    options = types.HttpOptions(base_url=address, httpx_client=http_client)
    return genai.Client(api_key=KEY, http_options=options)
