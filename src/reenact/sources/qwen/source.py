"""The source as the archive sees it."""

from __future__ import annotations

from pathlib import Path

from reenact.sources.assembled import Assembled
from reenact.sources.gemini.parse import GeminiParser
from reenact.sources.processes import name_of
from reenact.sources.protocol import Parser, Setting
from reenact.sources.qwen import discover, parse
from reenact.sources.qwen.state import AGENT


def _folders(root: str) -> tuple[str, ...]:
    """Gives the folders below a root in which chats come to be."""
    path = Path(root)
    return (str(path / "projects"), str(path / "tmp")) if path.name == ".qwen" else (root,)


def _parser(setting: Setting) -> Parser:
    """Gives a reader of one chat file; those of the first releases are in Gemini CLI's form."""
    return GeminiParser(setting) if setting.hints.get("form") == "gemini" else parse.QwenParser(setting)


SOURCE = Assembled(
    agent=AGENT,
    title="Qwen Code",
    parser_version=parse.VERSION,
    roots=discover.roots,
    transcripts=discover.transcripts,
    problems=discover.problems,
    parser=_parser,
    folders=_folders,
    is_process=lambda program: name_of(program) == "qwen" or "/@qwen-code/qwen-code/" in program,
)
"""All we know of Qwen Code."""
