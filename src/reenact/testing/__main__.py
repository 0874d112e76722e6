"""`python -m reenact.testing MODULE:SOURCE PATH… [--generate]`: the importer harness from a shell."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import click

from reenact.testing.importer import FixtureMismatchError, check


@click.command()
@click.argument("source")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--generate", is_flag=True, help="Write what is expected instead of comparing with it.")
def main(source: str, paths: tuple[Path, ...], *, generate: bool) -> None:
    """Check fixtures (files, or folders as the agent lays them out) against what is expected of them.

    SOURCE is a module and the source in it, for example `my_package.my_agent:SOURCE`.
    """
    module, _, name = source.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    found = getattr(import_module(module), name or "SOURCE")
    failed = 0
    for path in paths:
        try:
            check(found, path, generate=generate)
        except FixtureMismatchError as error:
            failed += 1
            click.echo(f"error: {error.message}", err=True)
            if error.hint:
                click.echo(f"hint: {error.hint}", err=True)
        else:
            click.echo(f"{'written' if generate else 'as expected'}: {path}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
