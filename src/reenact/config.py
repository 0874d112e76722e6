"""The user's settings: `$XDG_CONFIG_HOME/reenact/config.toml`, every part of it optional."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from reenact.errors import ConfigError


class Import(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    never: tuple[str, ...] = ()
    """Projects never to import: paths or globs of working directories."""


class Redaction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    known: tuple[str, ...] = ()
    """Secrets to be scrubbed wherever they stand."""
    patterns: Mapping[str, str] = {}
    """Rule name → regular expression."""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings. The file's tables have the names of these fields."""

    timezone: str | None = None
    """IANA name of the viewer's zone; the machine's own where absent."""
    roots: Mapping[str, tuple[str, ...]] = {}
    """Agent → further folders that hold its transcripts."""
    imports: Import = msgspec.field(default=Import(), name="import")
    prices: Mapping[str, Mapping[str, Any]] = {}
    """Model name or glob → USD per million tokens by kind, before the prices that come with reenact."""
    redaction: Redaction = Redaction()


def home_directory(variables: Mapping[str, str]) -> Path:
    """Gives the user's home folder, as the agents themselves find it."""
    return Path(variables.get("HOME") or os.path.expanduser("~"))


def archive_path(variables: Mapping[str, str]) -> Path:
    """Gives where the archive lies: `$REENACT_HOME`, else `reenact/` in the XDG data folder."""
    named = variables.get("REENACT_HOME")
    if named:
        return Path(named).expanduser().absolute()
    data = variables.get("XDG_DATA_HOME")
    base = Path(data) if data else home_directory(variables) / ".local" / "share"
    return base / "reenact"


def config_path(variables: Mapping[str, str]) -> Path:
    """Gives where the settings lie."""
    folder = variables.get("XDG_CONFIG_HOME")
    base = Path(folder) if folder else home_directory(variables) / ".config"
    return base / "reenact" / "config.toml"


def load(path: Path) -> Config:
    """Reads the settings; a missing file means the defaults.

    Raises:
        ConfigError: the file cannot be read or says something that is no setting.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), str(error)) from error
    try:
        raw: Any = tomllib.loads(text, parse_float=Decimal)
        return msgspec.convert(raw, Config, strict=False)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(str(path), str(error)) from error
