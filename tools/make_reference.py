"""Writes docs/reference/cli.md from the command line's own help; a test compares the two."""

from __future__ import annotations

from pathlib import Path

import click

from reenact.cli.app import VERBS, group

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "cli.md"
WIDTH = 96
HEAD = """\
# Command line

`reenact VERB [THING] [--options]`. The result goes to stdout, everything else to stderr. Every verb
that reads has `--json`: one versioned document. A session is named by its id, its agent's id of it, a
unique prefix of either, or `last`.

| exit code | meaning |
|---|---|
| 0 | done (an empty archive is done, too) |
| 1 | could not |
| 2 | wrong usage |
| 3 | diverged (`replay`) |
| 4 | the named session found nothing |

Written by `python tools/make_reference.py` from the command line's own help.
"""


def page() -> str:
    """Gives the whole page."""
    parent = click.Context(
        group,
        info_name="reenact",
        max_content_width=WIDTH,
        terminal_width=WIDTH,
        help_option_names=["-h", "--help"],  # as the group's own settings say
    )
    parts = [HEAD, _help(group, parent, "reenact")]
    for name in VERBS:
        command = group.get_command(parent, name)
        assert command is not None
        context = click.Context(
            command, info_name=name, parent=parent, max_content_width=WIDTH, terminal_width=WIDTH
        )
        parts.append(_help(command, context, f"reenact {name}"))
    return "\n".join(parts)


def _help(command: click.Command, context: click.Context, title: str) -> str:
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    return f"## {title}\n\n```text\n{text}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
