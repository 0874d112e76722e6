"""Questions before something is changed for good."""

from __future__ import annotations

import click

from reenact.errors import UsageError


def agreed(question: str) -> bool:
    """Asks on stderr, and tells whether the answer is yes; after a no it says that nothing was changed.

    Raises:
        UsageError: nobody is there to answer, and `--yes` was not given.
    """
    try:
        is_agreed = click.confirm(question, err=True)
    except click.Abort as error:
        if isinstance(error.__context__, EOFError):
            click.echo(err=True)
            raise UsageError("nobody is there to answer", hint="add --yes to do it unasked") from None
        raise
    if not is_agreed:
        click.echo("nothing was changed", err=True)
    return is_agreed
