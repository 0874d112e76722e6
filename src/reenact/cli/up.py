"""`reenact up`: the local page, with everything that agents write followed live."""

from __future__ import annotations

import sys
import webbrowser
from typing import TYPE_CHECKING

import click

from reenact.cli import documents
from reenact.cli.imports import quietly
from reenact.cli.options import as_json

if TYPE_CHECKING:
    from reenact.archive import Archive
    from reenact.cli.app import Context
    from reenact.web import Address

HOST = "127.0.0.1"
FIRST_SECONDS = 8.0
"""The page opens after so long at the latest; what is left is imported while it is open."""


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="The port  [default: 7331, or the next free]")
@click.option("--host", default=HOST, show_default=True, help="The address to listen on.")
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@as_json
@click.pass_obj
def up(context: Context, *, port: int | None, host: str, no_open: bool, as_json: bool) -> int:
    """Open the local page: import what is new, follow what agents write, show it. Ctrl-C ends it.

    Only this machine can open it. With --host on another address everybody needs the link that is
    printed; it works once and sets a cookie.
    """
    from reenact import web

    archive = context.archive
    listening, address = web.listen(host, port)
    with listening:
        tokens = None if address.is_local else web.new_tokens()
        bundle = web.Bundle()
        found = archive.find()
        report = quietly(archive, found, seconds=FIRST_SECONDS)
        served = web.Page(
            lambda: _again(archive),
            address,
            tokens=tokens,
            bundle=bundle,
            found=tuple(found),
            postponed=report.postponed if report is not None else tuple(found),
        )
        url = address.url(tokens)
        if as_json:
            _document(archive, url, address)
        else:
            _tell(url, is_built=bundle.is_built, is_local=address.is_local)
        if bundle.is_built and not no_open and not as_json and sys.stdout.isatty():
            webbrowser.open(url)
        served.run(listening)
    click.echo("stopped", err=True)
    return 0


def _again(archive: Archive) -> Archive:
    """Opens the same archive for another thread."""
    from reenact.archive import open_archive

    return open_archive(archive.path, variables=archive.variables, clock=archive.clock)


def _tell(url: str, *, is_built: bool, is_local: bool) -> None:
    click.echo(url)
    if not is_built:
        click.echo("note: the page itself is not built; in a checkout `make page` does it", err=True)
    if not is_local:
        click.echo("note: the link works once; the browser that opens it keeps a cookie", err=True)
    click.echo("following; Ctrl-C ends it", err=True)


def _document(archive: Archive, url: str, address: Address) -> None:
    documents.write({
        "version": documents.VERSION,
        "address": url,
        "host": address.host,
        "port": address.port,
        "archive": str(archive.path),
    })  # fmt: skip
    sys.stdout.flush()


COMMANDS = {"up": up}
