"""The way to the provider: through TLS, through a proxy, over kept connections, and told where it ends."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx2
import pytest
import trustme
from tests.gateway.providers import Asked, Provider, Reply, request, streamed
from tests.gateway.rooms import archive_in, recorded, recording

from reenact.events.bodies import ModelFailed, ModelResponded

PIECES = streamed("over TLS")


def answer(_: Asked) -> Reply:
    return Reply(*PIECES)


def post(address: str, body: object, **how: object) -> httpx2.Response:
    return httpx2.post(f"{address}/v1/messages", json=body, trust_env=False, **how)  # type: ignore[arg-type]


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def certified(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def trust(authority: trustme.CA, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "authority.pem"))


def test_a_provider_that_speaks_tls_is_asked_over_tls(
    tmp_path: Path, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(authority, tmp_path, monkeypatch)
    tls = certified(authority, "127.0.0.1")
    with archive_in(tmp_path / "archive") as archive:
        with Provider(answer, tls=tls) as provider, recording(archive, provider.address) as gateway:
            body = request("x" * 300_000)
            assert post(gateway.address, body).content == b"".join(PIECES)
            assert post(gateway.address, body).content == b"".join(PIECES)
            assert [len(asked.body) > 300_000 for asked in provider.asked] == [True, True]
        assert isinstance(recorded(archive)[1].body, ModelResponded)


@pytest.mark.parametrize("wrong", ["name", "authority"])
def test_a_provider_with_a_wrong_certificate_is_not_asked(
    tmp_path: Path, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    trust(authority if wrong == "name" else trustme.CA(), tmp_path, monkeypatch)
    context = certified(authority, "elsewhere.test" if wrong == "name" else "127.0.0.1")
    with archive_in(tmp_path / "archive") as archive:
        with Provider(answer, tls=context) as provider, recording(archive, provider.address) as gateway:
            told = post(gateway.address, request("secret"))
            assert told.status_code == 502
            assert "certificate" in told.json()["error"]["message"].lower()
            assert provider.asked == []
        assert isinstance(recorded(archive)[-1].body, ModelFailed)


def test_a_proxy_that_the_environment_names_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with archive_in(tmp_path / "archive") as archive, Provider(answer) as proxy:
        monkeypatch.setenv("http_proxy", proxy.address.replace("//", "//ann:pass%20word@"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with recording(archive, "http://provider.test") as gateway:
            assert post(gateway.address, request("hi")).content == b"".join(PIECES)
    (asked,) = proxy.asked
    assert asked.path == "http://provider.test/v1/messages"
    assert asked.headers["host"] == "provider.test"
    assert asked.headers["proxy-authorization"].startswith("Basic ")


def test_a_proxy_is_left_aside_where_the_environment_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with (
        archive_in(tmp_path / "archive") as archive,
        Provider(answer) as provider,
        recording(archive, provider.address) as gateway,
    ):
        assert post(gateway.address, request("hi")).status_code == 200


def test_a_request_that_comes_in_pieces_goes_on_in_pieces(tmp_path: Path) -> None:
    sent = b'{"model":"m","messages":[{"role":"user","content":"in pieces"}]}'
    with (
        archive_in(tmp_path / "archive") as archive,
        Provider(answer) as provider,
        recording(archive, provider.address) as gateway,
    ):
        pieces = (sent[at : at + 7] for at in range(0, len(sent), 7))
        told = httpx2.post(
            f"{gateway.address}/v1/messages",
            content=pieces,
            headers={"content-length": str(len(sent))},
            trust_env=False,
        )
        assert told.status_code == 200
        assert provider.asked[0].body == sent
