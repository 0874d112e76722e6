"""A mock model for agents: the SDK's own model, whose client plays a script instead of asking a provider.

Requests are made by the SDK as ever, so that they are compared as they would have been sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
from agents import Model, ModelProvider, ModelResponse, OpenAIChatCompletionsModel, OpenAIResponsesModel
from agents.items import TResponseStreamEvent
from openai import AsyncOpenAI

from reenact.errors import UsageError
from reenact.integrations.httpx2 import MockTransport
from reenact.integrations.mock import Mock

_MODELS: dict[str, type[OpenAIResponsesModel | OpenAIChatCompletionsModel]] = {
    "responses": OpenAIResponsesModel,
    "completions": OpenAIChatCompletionsModel,
}


class MockModel(Model, ModelProvider):
    """A model, and a provider of it for `RunConfig`; one serves any number of agents.

    As a model it is asked for under the name that it was recorded with (or under `name`); as a provider
    it gives each agent a model of the agent's own name for it.

    Raises:
        UsageError: the script is in no language of OpenAI's.
    """

    def __init__(self, mock: Mock, *, name: str | None = None) -> None:
        self.mock = mock
        exchanges = mock.player.script.exchanges
        spoken = [one for one in exchanges if _last(one.path) in _MODELS]
        if not spoken:
            paths = sorted({one.path for one in exchanges})
            raise UsageError(
                f"the Agents SDK speaks none of what was recorded: {', '.join(paths)}",
                hint="mock the client instead: archive.mock(…, 'httpx2')",
            )
        self._kind = _MODELS[_last(spoken[0].path)]
        asked = spoken[0].request
        told = asked.get("model") if isinstance(asked, dict) else None
        self._name = name or (told if isinstance(told, str) else "model")
        http_client = httpx2.AsyncClient(transport=MockTransport(mock))
        self._client = AsyncOpenAI(
            base_url="http://mock/v1", api_key="mock", http_client=http_client, max_retries=0
        )
        self._model = self._kind(self._name, self._client)

    def get_model(self, model_name: str | None) -> Model:
        return self._kind(model_name or self._name, self._client)

    async def get_response(self, *args: Any, **kwargs: Any) -> ModelResponse:
        return await self._model.get_response(*args, **kwargs)

    def stream_response(self, *args: Any, **kwargs: Any) -> AsyncIterator[TResponseStreamEvent]:
        return self._model.stream_response(*args, **kwargs)

    async def close(self) -> None:
        await self._client.close()


def _last(path: str) -> str:
    return path.partition("?")[0].rstrip("/").rpartition("/")[2]
