"""What secrets look like, as data.

A rule begins at one of its keywords: the search for all keywords of all rules is one pass over the
text, and an expression is only tried where a keyword stands. So clean text costs next to nothing,
and every repetition is bounded or possessive, so that no text makes an expression run away.

The shapes are those the vendors document or that their issued keys have shown; they are matched
raw, inside JSON strings (also strings in strings) and in URL encoding.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

Check = Literal["none", "literal", "mixed", "token", "basic", "key"]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of secret: `pattern` is tried where a keyword stands, or everywhere if there is none.

    Keywords are lower case and found in any case. The first group with a name is what is taken out;
    without one, the whole match is. `check` sorts out what only looks like one. `names`, if given,
    fits the names of fields whose value is such a secret.
    """

    name: str
    pattern: str
    keywords: tuple[str, ...] = ()
    check: Check = "none"
    names: str | None = None


def custom(name: str, pattern: str) -> Rule:
    """Gives a rule of the user's own; it is tried everywhere.

    Raises:
        ValueError: the name is not lower-case words joined by hyphens, or the pattern is no
            regular expression.
    """
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name):
        raise ValueError(f"{name!r} is no rule name: use lower-case letters, digits and hyphens")
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"the pattern of rule {name!r} is no regular expression: {error}") from error
    return Rule(name=name, pattern=pattern)


MASK = "\ufffe"
"""What the search puts over places that are dealt with; no rule reads across it."""

# A token begins where no letter, digit or underscore stands before it, unless that one belongs to
# an escape: `%3D` of a URL, `\n` or `\u0022` of a JSON string.
_EDGE = r"(?:(?<![A-Za-z0-9_])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrtbf])|(?<=\\u[0-9A-Fa-f]{4}))"
_WORD = "[A-Za-z0-9_-]"
_HEX = "%[0-9A-Fa-f]{2}"

# name = value, as code, shells, JSON, YAML, XML, query strings and headers write it.
_GAP = r"(?:\s|%20|%0[AaDd]|\+|\\{1,4}[nrt]){0,8}+"
_QUOTE = r"(?:\\{0,8}+[\"'`]|%22|%27)"
_IS = rf"(?:{_QUOTE}|\\{{0,8}}+\]|%5[Dd]){{0,2}}+{_GAP}(?:=>|:=|={{1,3}}|:|>|%3[AaDdEe]){_GAP}"
_TAIL = r"[A-Za-z0-9_.-]{0,40}+"
_QUOTED = rf"{_QUOTE}(?P<quoted>(?!<)(?:[^\s\"'`\\%{MASK}]|%(?!2[27])|\\{{1,4}}[^\"'`nrt\\\s]){{6,512}}+)"
_BARE = (
    rf"(?P<bare>(?!\$)(?:[^\s\"'`\\\[\]<>(){{}},;&%{MASK}]|%(?![0-9A-Fa-f]{{2}})){{6,512}}+)"
    rf"(?![(\[{{]|{_HEX})"
)
_ENCODED = r"(?P<encoded>(?:[A-Za-z0-9_.~!*()+/=-]|%(?!2[267Cc]|3[Bb]|0[AaDd])[0-9A-Fa-f]{2}){6,512}+)"
_VALUE = rf"(?:{_QUOTED}|{_BARE}|{_ENCODED})"

# scheme://name:password@host
_SLASH = r"(?:\\{0,4}/|%2[Ff])"
_SEP = rf"(?::|%3[Aa]){_SLASH}{{2}}"
_SEPS = ("://", ":\\/", ":\\\\/", "%3a%2f%2f", "%3a//")
_USER = rf"(?:(?!%40|%2[Ff]|%3[Aa])[^\s/@:\"'<>\[\]\\{MASK}]){{0,128}}+"
_USERS = rf"(?P<secret>(?!\d{{1,5}}[?#])(?:(?!%2[Ff])[^\s/\"'<>\\{MASK}]){{1,256}})"

_MADE_UP = r"(?i:password|passwd|passphrase|passwort|pwd)"
_ISSUED = (
    r"(?i:secret|token(?!s|iz)|api[_-]?key|access[_-]?key|private[_-]?key|signing[_-]?key"
    r"|encryption[_-]?key|account[_-]?key|auth[_-]?key|credential|authorization)"
)

HARMLESS = {"token": ("tokens", "tokeniz")}
"""Keyword → the words in which the rules above pass over it; every record of usage counts tokens."""


def _token(name: str, *keywords: str, rest: str, check: Check = "none") -> Rule:
    """Gives the rule of tokens that begin with one of these words."""
    starts = "|".join(re.escape(keyword) for keyword in keywords)
    return Rule(
        name=name,
        keywords=tuple(keyword.lower() for keyword in keywords),
        pattern=f"{_EDGE}(?:{starts}){rest}",
        check=check,
    )


BUILT_IN: tuple[Rule, ...] = (
    Rule(
        name="private-key",
        keywords=("-----begin",),
        pattern=r"-----BEGIN(?:[A-Z0-9 +]|%20){0,40}PRIVATE(?: |\+|%20)KEY(?:(?: |\+|%20)BLOCK)?-----"
        r"(?P<secret>(?:[A-Za-z0-9+/=%:.,()_ \t\r\n\\]|-(?!----)){8,20000}+)",
        check="key",
    ),
    _token("anthropic-key", "sk-ant-", rest=f"{_WORD}{{16,512}}+"),
    _token("google-key", "AIza", rest=rf"{_WORD}{{35}}(?!{_WORD})"),
    _token("google-key", "AQ.", rest=f"{_WORD}{{30,512}}+", check="token"),
    _token("google-oauth", "ya29.", "GOCSPX-", rest=r"[A-Za-z0-9_.-]{20,2048}+"),
    _token("github-token", "github_pat_", rest=r"[A-Za-z0-9_]{22,}+"),
    _token("github-token", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", rest=r"[A-Za-z0-9_]{30,}+"),
    _token("gitlab-token", "glpat-", "glptt-", "gldt-", "glrt-", "glcbt-", rest=r"[A-Za-z0-9_.-]{20,255}+"),
    _token("aws-key-id", "AKIA", "ASIA", "ABIA", "ACCA", rest=r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
    Rule(
        name="aws-secret",
        keywords=("secret_access_key", "secretaccesskey", "aws_secret_key", "secret access key"),
        pattern=rf"(?i:secret[_ ]?access[_ ]?key|aws_secret_key){_IS}{_QUOTE}?"
        r"(?P<secret>(?:[A-Za-z0-9/+=]|\\{1,4}/|%2[FfBb]|%3[Dd]){40,120}+)",
        check="mixed",
    ),
    _token("slack-token", "xoxb-", "xoxp-", "xoxa-", "xoxe-", "xoxo-", "xoxr-", "xoxs-", "xoxc-", "xoxd-",
           rest=r"[A-Za-z0-9%-]{10,512}+"),
    _token("slack-token", "xapp-", rest=r"[A-Za-z0-9-]{20,512}+"),
    Rule(
        name="webhook",
        keywords=("hooks.slack.com", "discord.com", "discordapp.com"),
        pattern=rf"[a-z.]{{1,40}}+{_SLASH}(?:services|api{_SLASH}webhooks){_SLASH}"
        rf"(?P<secret>(?:{_WORD}|{_SLASH}){{20,300}}+)",
    ),
    _token("stripe-key", "sk_live_", "sk_test_", "rk_live_", "rk_test_", rest=r"[A-Za-z0-9]{16,}+"),
    _token("stripe-key", "whsec_", rest=r"[A-Za-z0-9+/=_-]{24,255}+"),
    _token("npm-token", "npm_", rest=r"[A-Za-z0-9]{36,}+"),
    _token("pypi-token", "pypi-", rest=rf"{_WORD}{{50,512}}+", check="token"),
    _token("huggingface-token", "hf_", rest=r"[A-Za-z0-9]{30,}+"),
    _token("vendor-key", "xai-", "gsk_", "pplx-", "nvapi-", "tvly-", "r8_", "lsv2_", "lin_api_", "figd_",
           "dckr_pat_", "dop_v1_", "shpat_", "shpss_", "sntrys_", "phc_", "phx_", "ntn_", "rpa_",
           rest=rf"{_WORD}{{24,512}}+", check="token"),
    _token("sendgrid-key", "SG.", rest=rf"{_WORD}{{16,64}}+\.{_WORD}{{16,128}}+"),
    Rule(
        name="telegram-token",
        keywords=(":aa", "%3aaa"),
        pattern=rf"(?<=[0-9])(?::|%3[Aa])AA{_WORD}{{33}}(?!{_WORD})",
    ),
    _token("jwt", "eyJ", rest=rf"{_WORD}{{8,8192}}+\.{_WORD}{{8,16384}}+(?:\.{_WORD}{{0,8192}}+){{1,3}}"),
    _token("openai-key", "sk-", rest=f"{_WORD}{{20,512}}+", check="token"),
    Rule(
        name="bearer",
        keywords=("bearer",),
        pattern=r"(?i:bearer)(?:\s|%20|\+){1,4}+(?P<secret>[A-Za-z0-9._~+/=%-]{16,8192}+)",
        check="mixed",
    ),
    Rule(
        name="basic-auth",
        keywords=("basic",),
        pattern=r"(?i:basic)(?:\s|%20|\+){1,4}+(?P<secret>(?:[A-Za-z0-9+/_-]|%2[FfBb]){6,1024}+"
        r"(?:=|%3[Dd]){0,2})",
        check="basic",
    ),
    Rule(
        name="url-password",
        keywords=_SEPS,
        pattern=rf"{_SEP}{_USER}(?::|%3[Aa]){_USERS}(?:@|%40)(?=[A-Za-z0-9.*_%-])",
        check="literal",
    ),
    Rule(
        name="url-token",
        keywords=_SEPS,
        pattern=rf"{_SEP}(?P<secret>{_WORD}{{20,512}}+)(?::|%3[Aa])?(?:@|%40)",
        check="token",
    ),
    Rule(
        name="password",
        keywords=("password", "passwd", "passphrase", "passwort", "pwd"),
        pattern=rf"{_MADE_UP}{_TAIL}{_IS}{_VALUE}",
        check="mixed",
        names=rf"{_MADE_UP}{_TAIL}$",
    ),
    Rule(
        name="secret",
        keywords=("secret", "token", "api_key", "apikey", "api-key", "access_key", "access-key", "accesskey",
                  "private_key", "private-key", "privatekey", "signing_key", "signing-key", "signingkey",
                  "encryption_key", "encryption-key", "encryptionkey", "account_key", "account-key",
                  "accountkey", "auth_key", "auth-key", "authkey", "credential", "authorization"),
        pattern=rf"{_ISSUED}{_TAIL}{_IS}(?:(?i:token|apikey|key){_GAP})?{_VALUE}",
        check="token",
        names=rf"{_ISSUED}{_TAIL}$",
    ),
    Rule(
        name="option",
        keywords=("--password", "--passwd", "--passphrase", "--token", "--auth-token", "--access-token",
                  "--api-key", "--secret", "--client-secret"),
        pattern=rf"--[A-Za-z-]{{0,40}}+(?:[\s=]|%20|%3[Dd]){{1,4}}+{_VALUE}",
        check="mixed",
    ),
)  # fmt: skip
"""Rules that always hold, the more telling ones first."""

EXEMPT = re.compile(
    r"(?:toolu|srvtoolu|mcptoolu|msg|req|call|resp|rs|fc|fco|ctc|ws|item|chatcmpl|batch|file|turn|thread|sess)"
    r"_[A-Za-z0-9_-]*"
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|sha(?:1|256|512)[:-][A-Za-z0-9+/=]*"
    r"|\d{4}-\d\d-\d\d(?:T[0-9:.]*Z?)?"
)
"""Values that are never secret: ids of the agents' protocols, UUIDs, tagged hashes, dates."""
