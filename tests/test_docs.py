"""The documentation is complete, and its links lead somewhere."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from tools import make_reference

import reenact
from reenact.config import Config, load

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^(`{3,}).*?^\1`*\s*$", re.MULTILINE | re.DOTALL)

# The words that code, command line, JSON and pages may use for these things: one thing, one word.
WORDS = {
    "session", "loop", "turn", "event", "body", "source", "transcript", "draft", "exchange", "dialect", "lane",
    "script", "divergence", "fork", "trim", "compact", "inject", "archive", "original", "tree", "step", "project",
    "ledger", "owner", "quality", "rollup", "block", "generation", "segment", "blob", "cache", "tombstone",
    "torn tail", "disposition", "warning", "completeness", "envelope", "kind", "sub-agent", "compaction", "drift",
}  # fmt: skip


def links(page: Path) -> Iterator[tuple[str, str]]:
    """Path and anchor of every link of a page that leads to another file of the project."""
    for target in LINK.findall(FENCED.sub("", page.read_text())):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield path, anchor


def anchors(page: Path) -> set[str]:
    """What the headings of a page can be linked by."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(page: Path) -> None:
    broken = []
    for path, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(f"{path}#{anchor}")
    assert broken == []


def test_every_page_is_linked_from_the_index() -> None:
    index = DOCS / "index.md"
    linked = {(DOCS / path).resolve() for path, _ in links(index)}
    pages = {page.resolve() for page in DOCS.rglob("*.md")} - {index.resolve()}
    assert sorted(page.relative_to(DOCS).as_posix() for page in pages - linked) == []


def test_every_page_has_one_title() -> None:
    titles = {page: re.findall(r"^# .+$", FENCED.sub("", page.read_text()), re.MULTILINE) for page in PAGES}
    assert [page.name for page, found in titles.items() if len(found) != 1] == []


def test_the_glossary_defines_every_word_of_ours_once() -> None:
    defined = re.findall(r"^\| \*\*(.+?)\*\* \| .{10,} \|$", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    assert sorted(WORDS - set(defined)) == []
    assert len(defined) == len(set(defined))


def test_the_house_is_described_as_the_plan_has_it() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in config["contracts"] if contract["id"] == "house")
    rooms = [re.findall(r"\w+", layer) for layer in layers]
    page = (DOCS / "explanation" / "house.md").read_text()
    floors = page.partition("```text\n")[2].partition("```")[0]
    assert [re.findall(r"\w+", floor) for floor in floors.splitlines()] == rooms
    rows = re.findall(r"^\| ((?:`\w+` ?)+)\|", page, re.MULTILINE)
    described = [name for row in rows for name in re.findall(r"\w+", row)]
    assert sorted(described) == sorted(name for floor in rooms for name in floor)


def test_the_settings_on_the_page_of_settings_are_settings(tmp_path: Path) -> None:
    page = (DOCS / "reference" / "environment.md").read_text()
    example = tmp_path / "config.toml"
    example.write_text(page.partition("```toml\n")[2].partition("```")[0])
    loaded, default = load(example), Config()
    untouched = [name for name in Config.__struct_fields__ if getattr(loaded, name) == getattr(default, name)]
    assert untouched == []


def modules() -> list[str]:
    """Name of every module of the package."""
    found = pkgutil.walk_packages(reenact.__path__, "reenact.")
    return ["reenact", *sorted(info.name for info in found if not info.name.endswith("__main__"))]


def commented_names(module: ModuleType) -> set[str]:
    """Names assigned in a module that a string below them or a comment at them explains."""
    source = inspect.getsource(module)
    lines = source.splitlines()
    body = ast.parse(source).body
    explained = set()
    for node, following in zip(body, [*body[1:], None], strict=True):
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        below = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
        above = node.lineno > 1 and lines[node.lineno - 2].startswith("#")
        if below or above or "  # " in lines[node.lineno - 1]:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            explained |= {target.id for target in targets if isinstance(target, ast.Name)}
    return explained


def explained_values(room: str) -> set[str]:
    """Explained constants and type aliases anywhere in a room."""
    inside = [name for name in modules() if name == room or name.startswith(f"{room}.")]
    return set().union(*(commented_names(importlib.import_module(name)) for name in inside))


def undocumented(room: str) -> list[str]:
    """Public names of a room that nothing explains."""
    module = importlib.import_module(room)
    values = explained_values(room)
    missing = []
    for name in getattr(module, "__all__", ()):
        thing = getattr(module, name)
        if inspect.isclass(thing) or inspect.isroutine(thing) or inspect.ismodule(thing):
            documented = bool((thing.__doc__ or "").strip())
        else:
            documented = name in values or name.startswith("__") or bool(getattr(thing, "help", None))
        if not documented:
            missing.append(name)
    return missing


@pytest.mark.parametrize("name", modules())
def test_every_public_name_is_explained(name: str) -> None:
    assert undocumented(name) == []


@pytest.mark.parametrize("name", modules())
def test_every_module_says_why_it_is_there_and_every_folder_what_it_offers(name: str) -> None:
    module = importlib.import_module(name)
    assert (module.__doc__ or "").strip()
    assert hasattr(module, "__all__") or not hasattr(module, "__path__")


@pytest.mark.parametrize("name", modules())
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_command_line_reference_is_what_the_command_line_says() -> None:
    written = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert written == make_reference.page(), "run: python tools/make_reference.py"
