"""Each agent is told of the gateway by its environment and arguments; its own settings are only read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reenact.launch import opencode, providers
from reenact.launch.values import Provider, Told

GATE = "http://127.0.0.1:1"


def told(command: list[str], variables: dict[str, str], *, offline: bool = False) -> Told:
    asked = providers.providers_of(command, variables)
    return providers.told(command, variables, providers.addresses_of(asked, GATE), offline=offline)


def test_a_recorded_agent_keeps_everything_but_its_providers_address() -> None:
    variables = {"HOME": "/h", "ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": "http://proxy"}
    assert told(["claude", "-p"], variables).environment == {**variables, "ANTHROPIC_BASE_URL": GATE}
    asked = providers.providers_of(["claude"], variables)
    assert providers.origins(asked) == {"": "http://proxy"}
    assert providers.origins(providers.providers_of(["claude"], {})) == {"": "https://api.anthropic.com"}


def test_a_replayed_agent_needs_no_key_and_asks_nobody_else() -> None:
    environment = told(["claude"], {}, offline=True).environment
    assert environment["ANTHROPIC_API_KEY"]
    assert environment["DISABLE_AUTOUPDATER"] == "1"
    kept = told(["claude"], {"ANTHROPIC_AUTH_TOKEN": "t"}, offline=True).environment
    assert "ANTHROPIC_API_KEY" not in kept


def test_a_program_that_we_do_not_know_may_ask_any_provider_through_one_gateway() -> None:
    found = told(["./mine.py"], {"OPENAI_BASE_URL": "http://corp/llm/v1"})
    assert found.environment["ANTHROPIC_BASE_URL"] == GATE
    assert found.environment["OPENAI_BASE_URL"] == f"{GATE}/via/openai/llm/v1"
    assert found.environment["GOOGLE_GEMINI_BASE_URL"] == f"{GATE}/via/google"
    asked = providers.providers_of(["./mine.py"], {"OPENAI_BASE_URL": "http://corp/llm/v1"})
    assert providers.origins(asked)["/via/openai"] == "http://corp"


def codex_home(tmp_path: Path, text: str, login: object = None) -> dict[str, str]:
    (tmp_path / "config.toml").write_text(text)
    if login is not None:
        (tmp_path / "auth.json").write_text(json.dumps(login))
    return {"CODEX_HOME": str(tmp_path)}


@pytest.mark.parametrize(
    ("text", "words", "base", "pair"),
    [
        ("", [], "https://api.openai.com/v1", f'openai_base_url="{GATE}/v1"'),
        ('openai_base_url = "http://own/v1"', [], "http://own/v1", f'openai_base_url="{GATE}/v1"'),
        (
            'model_provider = "corp"\n[model_providers.corp]\nbase_url = "http://corp/x/v1"',
            [],
            "http://corp/x/v1",
            f'model_providers.corp.base_url="{GATE}/x/v1"',
        ),
        (
            '[model_providers.corp]\nbase_url = "http://corp/v1"\n[profiles.work]\nmodel_provider = "corp"',
            ["--profile", "work"],
            "http://corp/v1",
            f'model_providers.corp.base_url="{GATE}/v1"',
        ),
        (
            '[model_providers.corp]\nbase_url = "http://corp/v1"',
            ["-c", "model_provider=corp"],
            "http://corp/v1",
            f'model_providers.corp.base_url="{GATE}/v1"',
        ),
    ],
)
def test_codex_is_told_by_arguments_which_go_before_its_file(
    tmp_path: Path, text: str, words: list[str], base: str, pair: str
) -> None:
    variables = codex_home(tmp_path, text)
    command = ["/opt/codex", *words, "exec", "do it"]
    assert [each.base for each in providers.providers_of(command, variables)] == [base]
    assert told(command, variables).command == ("/opt/codex", "-c", pair, *words, "exec", "do it")
    assert (tmp_path / "config.toml").read_text() == text


def test_codex_with_a_subscription_asks_where_that_is_served(tmp_path: Path) -> None:
    variables = codex_home(tmp_path, "", {"tokens": {"id_token": "x"}, "OPENAI_API_KEY": None})
    assert providers.providers_of(["codex"], variables)[0].base == "https://chatgpt.com/backend-api/codex"
    with_key = {**variables, "OPENAI_API_KEY": "k"}
    assert providers.providers_of(["codex"], with_key)[0].base == "https://api.openai.com/v1"


@pytest.mark.parametrize("text", ["not = = toml", "model_provider = 7", "model_providers = 1"])
def test_settings_that_cannot_be_read_are_as_none(tmp_path: Path, text: str) -> None:
    assert providers.providers_of(["codex"], codex_home(tmp_path, text))[0].name == "openai"


def test_copilot_is_left_alone_where_it_asks_its_own_service() -> None:
    assert providers.providers_of(["copilot"], {}) == ()
    own = {"COPILOT_PROVIDER_BASE_URL": "http://own/v1"}
    assert told(["copilot"], own).environment["COPILOT_PROVIDER_BASE_URL"] == f"{GATE}/v1"


@pytest.mark.parametrize(
    ("dialect", "kind", "address"),
    [("anthropic", "anthropic", GATE), ("openai-chat", "openai", f"{GATE}/v1")],
)
def test_copilot_is_replayed_in_the_dialect_of_the_recording(dialect: str, kind: str, address: str) -> None:
    asked = providers.for_replay(["copilot"], {})
    addresses = providers.addresses_of(asked, GATE)
    found = providers.told(
        ["copilot"], {}, addresses, offline=True, dialects=frozenset({dialect})
    ).environment
    assert (found["COPILOT_PROVIDER_TYPE"], found["COPILOT_PROVIDER_BASE_URL"]) == (kind, address)


def test_opencode_has_the_addresses_put_over_all_its_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ".config" / "opencode"
    folder.mkdir(parents=True)
    settings = '{ // mine\n "provider": {"own": {"options": {"baseURL": "http://own/v1", "apiKey": "k"}}}, }'
    (folder / "opencode.jsonc").write_text(settings)
    monkeypatch.chdir(tmp_path)
    variables = {"HOME": str(tmp_path), "ANTHROPIC_API_KEY": "k", "OPENCODE_CONFIG_CONTENT": '{"theme": "x"}'}
    asked = providers.providers_of(["opencode", "run"], variables)
    assert asked == (
        Provider(name="own", base="http://own/v1"),
        Provider(name="anthropic", base="https://api.anthropic.com/v1"),
    )
    content = json.loads(told(["opencode", "run"], variables).environment["OPENCODE_CONFIG_CONTENT"])
    assert content == {
        "theme": "x",
        "provider": {
            "own": {"options": {"baseURL": f"{GATE}/v1"}},
            "anthropic": {"options": {"baseURL": f"{GATE}/via/anthropic/v1"}},
        },
    }
    assert (folder / "opencode.jsonc").read_text() == settings
    assert opencode.providers([], {"HOME": str(tmp_path / "nobody")}) == ()


def test_pi_is_told_by_an_extension(tmp_path: Path) -> None:
    found = told(["pi", "-p", "x"], {"HOME": str(tmp_path)})
    assert found.command[:2] == ("pi", "--extension")
    assert Path(found.command[2]).is_file()
    assert json.loads(found.environment["REENACT_PROVIDERS"])["anthropic"] == GATE
    assert told(["pi", "install", "x"], {"HOME": str(tmp_path)}).command == ("pi", "install", "x")
