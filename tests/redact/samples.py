"""Made-up secrets of every kind; composed here, so that no file holds anything that looks like one."""

from __future__ import annotations

import base64
import hashlib

import msgspec

LETTERS = "aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW0xYzZ"


def noise(length: int, *, alphabet: str = LETTERS) -> str:
    """Letters and digits without a pattern, always the same."""
    digests = (hashlib.sha256(b"%d %d" % (length, index)).digest() for index in range(length))
    return "".join(alphabet[digest[0] % len(alphabet)] for digest in digests)


class Sample(msgspec.Struct, frozen=True):
    """A secret in its surroundings: `before + secret + after` is a text that has it."""

    rule: str
    secret: str
    before: str = "see "
    after: str = " there"

    @property
    def text(self) -> str:
        return self.before + self.secret + self.after


def _jwt() -> str:
    def part(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    head, claims = '{"alg":"HS256","typ":"JWT"}', '{"sub":"1234567890"}'
    return f"{part(head)}.{part(claims)}.{noise(43)}"


def _pem(kind: str = "RSA PRIVATE KEY") -> Sample:
    body = "\n".join(noise(64, alphabet=LETTERS + "+/") for _ in range(3))
    return Sample("private-key", f"\n{body}\n", f"-----BEGIN {kind}-----", f"-----END {kind}-----\n")


SAMPLES = [
    Sample("anthropic-key", "sk-" + "ant-api03-" + noise(90) + "-" + noise(4)),
    Sample("anthropic-key", "sk-" + "ant-" + noise(24)),
    Sample("openai-key", "sk-" + noise(48)),
    Sample("openai-key", "sk-" + "proj-" + noise(40) + "_" + noise(20) + "-" + noise(30)),
    Sample("openai-key", "sk-" + noise(32, alphabet="0123456789abcdef")),
    Sample("google-key", "AIza" + noise(35)),
    Sample("google-key", "AQ." + "Ab8" + noise(48)),
    Sample("google-oauth", "ya29." + "a0" + noise(60)),
    Sample("google-oauth", "GOCSPX-" + noise(28)),
    *(Sample("github-token", f"gh{kind}_" + noise(36)) for kind in "posur"),
    Sample("github-token", "github_pat_" + noise(22) + "_" + noise(59)),
    Sample("gitlab-token", "glpat-" + noise(20)),
    Sample("aws-key-id", "AKIA" + noise(16, alphabet="ABCDEFGHIJKLMNOP234567")),
    Sample("aws-key-id", "ASIA" + noise(16, alphabet="ABCDEFGHIJKLMNOP234567")),
    Sample("aws-secret", noise(40, alphabet=LETTERS + "/+"), "aws_secret_access_key = ", "\n"),
    Sample("aws-secret", noise(40, alphabet=LETTERS + "/+"), "export AWS_SECRET_ACCESS_KEY=", "\n"),
    Sample("aws-secret", noise(40, alphabet=LETTERS + "/+"), '{"SecretAccessKey": "', '"}'),
    Sample("slack-token", "xoxb-" + "123456789012-" + noise(24)),
    Sample("slack-token", "xapp-" + "1-A0-" + noise(40)),
    Sample("webhook", "T0AB/B0CD/" + noise(24), "https://hooks.slack.com/services/"),
    Sample("webhook", "123456789/" + noise(60), "https://discord.com/api/webhooks/"),
    Sample("stripe-key", "sk_" + "live_" + noise(24)),
    Sample("stripe-key", "rk_" + "test_" + noise(24)),
    Sample("stripe-key", "whsec_" + noise(32)),
    Sample("npm-token", "npm_" + noise(36)),
    Sample("pypi-token", "pypi-" + "AgEIcHlwaS5vcmc" + noise(120)),
    Sample("huggingface-token", "hf_" + noise(34)),
    Sample("vendor-key", "xai-" + noise(80)),
    Sample("vendor-key", "gsk_" + noise(52)),
    Sample("sendgrid-key", "SG." + noise(22) + "." + noise(43)),
    Sample("telegram-token", ":AA" + noise(33), "bot 1234567890"),
    Sample("jwt", _jwt()),
    _pem(),
    _pem("OPENSSH PRIVATE KEY"),
    _pem("PRIVATE KEY"),
    _pem("PGP PRIVATE KEY BLOCK"),
    Sample("bearer", noise(40), "Authorization: Bearer ", "\r\n"),
    Sample("basic-auth", base64.b64encode(b"someone:hunter2!").decode(), "Authorization: Basic ", "\r\n"),
    Sample("url-password", "hunter2", "postgres://admin:", "@db.example.org:5432/app"),
    Sample("url-password", "p@ss#1", "mongodb+srv://admin:", "@db.example.org/app"),
    Sample("url-password", noise(20), "https://:", "@host.example.org/"),
    Sample("url-token", noise(40), "https://", "@git.example.org/x.git"),
    Sample("password", "hunter2", "password=", "\n"),
    Sample("password", "hunter2", "DB_PASSWORD: '", "'"),
    Sample("password", "c0rrect-horse", "<password>", "</password>"),
    Sample("password", "p$ssw%rd1", "PGPASSWORD=", " psql"),
    Sample("password", "tr0ub4dor&3", '{"password": "', '", "user": "me"}'),
    Sample("password", "tr0ub4dor", "?user=me&password=", "&x=1"),
    Sample("password", "hunter2!", 'settings["password"] = "', '"'),
    Sample("secret", noise(24), "client_secret: ", "\n"),
    Sample("secret", noise(24), '"refresh_token": "', '"'),
    Sample("secret", noise(32), "x-api-key: ", "\r\n"),
    Sample("secret", noise(32), "Authorization: token ", "\r\n"),
    Sample("secret", noise(32), "DefaultEndpointsProtocol=https;AccountKey=", ";Suffix=x"),
    Sample("secret", noise(40, alphabet="0123456789abcdef"), "const apiKey = '", "';"),
    Sample("option", "hunter2", "mysql --password ", " -u me"),
    Sample("option", noise(24), "tool --api-key ", " run"),
]
"""At least one of every rule."""

CLEAN = [
    "the task-1 of sk-learn is a sk-very-long-hyphenated-class-name-without-digits",
    "toolu_01A09q90qw90lq917835lq9 msg_01XFDUDYJgAACzvnptvVoYEL call_abc123DEF456ghi789",
    "resp_0123456789abcdef0123456789abcdef req_011CSHoEeqs5C35K2UUqR7Fy",
    "550e8400-e29b-41d4-a716-446655440000",
    "commit 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12 (HEAD -> main)",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    '{"input_tokens": 12345678, "max_tokens": 100000000, "tokens": "123456789012"}',
    "password: string; token: str | None = None",
    "password = os.environ['DB_PASSWORD']",
    "password = getpass.getpass()",
    "const token = generateToken2(request)",
    "token = await fetchToken(user)",
    "export API_KEY=$OTHER_API_KEY1",
    "api_key: ${{ secrets.API_KEY_1 }}",
    "api_key=process.env.OPENAI_API_KEY_1",
    "Authorization: Bearer ${TOKEN}",
    "Bearer authentication-is-required-here",
    "Basic authentication and Basic usage",
    "http://localhost:8080/path?mail=a@b.example",
    "http://localhost:8080?mail=a@b.example",
    "https://example.org/@scope/package",
    "ssh://git@github.com:22/x.git",
    "git@github.com:someone/some-repository.git",
    "-----BEGIN PRIVATE KEY----- is how such a file begins, and so on",
    "-----BEGIN CERTIFICATE-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n-----END CERTIFICATE-----",
    "The secret of success: work. Credentials are required.",
    '"session_token": "550e8400-e29b-41d4-a716-446655440000"',
    "postgres://user:${PASSWORD}@host/db",
    "Asia/Tokyo AKIA npm_install hf_hub eyJ SG. xoxb- ghp_ AIza",
    base64.b64encode(bytes(range(256)) * 40).decode(),
]
