"""Every example on a page is run, top to bottom, as its reader would.

A fenced block in ``python`` is executed (as a doctest when it holds prompts), one in ``console`` runs its
``$ reenact ...`` lines; both see an empty home and an archive that holds the bundled sample. What cannot run
says so where it stands: ```` ```sh not-run: needs a real agent ````. No block is passed over in silence.
"""

import doctest
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from reenact.samples import SAMPLES

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
RUN = {"python", "console"}
SHOWN = {"text", "json", "jsonl", "toml", "ini", "diff", "markdown", "mermaid", "html"}
FENCE = re.compile(r"^ *(`{3,})(.*)$")
# The agents' own variables, as they point to the bundled sample.
ROOTS = {"CLAUDE_CONFIG_DIR": SAMPLES / "claude", "CODEX_HOME": SAMPLES / "codex"}
SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class Block:
    """One fenced block: the file and line of its first line of text, its language, why it is not run."""

    page: str
    line: int
    language: str
    reason: str
    text: str

    @property
    def is_run(self) -> bool:
        return self.language in RUN and not self.reason

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(text: str, *, page: str) -> list[Block]:
    """Every fenced block of a page in order."""
    found: list[Block] = []
    fence, head, start, body = "", "", 0, list[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        match = FENCE.match(line)
        if match and not fence:
            fence, head, start, body = match[1], match[2].strip(), number + 1, []
        elif match and fence and match[1].startswith(fence) and not match[2].strip():
            language, _, note = head.partition(" ")
            reason = note.partition("not-run:")[2].strip()
            content = "\n".join(body) + "\n"
            found.append(Block(page=page, line=start, language=language, reason=reason, text=content))
            fence = ""
        elif fence:
            body.append(line)
    assert not fence, f"{page}:{start}: this block is never closed"
    return found


def page_blocks(page: Path) -> list[Block]:
    return blocks(page.read_text(), page=page.relative_to(ROOT).as_posix())


def complaint(block: Block) -> str | None:
    """Why a block is neither run nor plainly not an example; None if all is well."""
    if block.is_run or block.reason:
        return None
    if block.language not in SHOWN:
        return (
            f"{block.place}: '{block.language}' is neither run nor shown: python, console or 'not-run: why'"
        )
    if re.search(r"^(\$ |>>> )", block.text, re.MULTILINE):
        return f"{block.place}: prompts belong into a python or console block"
    return None


def commands(block: Block) -> list[str]:
    """The command lines of a console block; each calls reenact."""
    joined = block.text.replace("\\\n", " ")
    found = [line.removeprefix("$ ") for line in joined.splitlines() if line.startswith("$ ")]
    assert found, f"{block.place}: a console block has lines that begin with '$ reenact'"
    for line in found:
        assert re.match(r"reenact\b", line), f"{block.place}: '{line}' does not call reenact"
    return found


def run_console(block: Block) -> None:
    """Runs a console block in the current world; each command must exit with 0."""
    for line in commands(block):
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        said = f"{block.place}: $ {line}\nexit {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.returncode == 0, said


def run_python(block: Block, names: dict[str, object]) -> None:
    """Runs a python block in a page's names, as a doctest when it holds prompts."""
    if ">>> " not in block.text:
        padded = "\n" * (block.line - 1) + block.text  # so that a traceback names the line of the page
        exec(compile(padded, block.page, "exec"), names)
        return
    test = doctest.DocTestParser().get_doctest(block.text, names, block.page, block.page, block.line - 1)
    said: list[str] = []
    result = doctest.DocTestRunner().run(test, out=said.append, clear_globs=False)
    names.update(test.globs)
    assert result.failed == 0, "".join(said)


def check_page(found: list[Block]) -> None:
    """Runs the blocks of one page in order; python blocks share their names."""
    names: dict[str, object] = {"__name__": "__main__"}
    for block in found:
        if block.is_run and block.language == "console":
            run_console(block)
        elif block.is_run:
            run_python(block, names)


def enter_world(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty home in which no agent ever ran, an empty archive, and the reenact of this environment."""
    for name in list(os.environ):
        if name.startswith(("REENACT_", "XDG_", "CLAUDE", "CODEX", "GEMINI", "COPILOT", "OPENCODE")):
            monkeypatch.delenv(name)
    home.mkdir()
    monkeypatch.chdir(home)
    beside = os.fspath(Path(sys.executable).parent)
    settings = {"HOME": os.fspath(home), "REENACT_HOME": os.fspath(home / "archive"), "NO_COLOR": "1"}
    settings |= {"COLUMNS": "80", "TZ": "UTC", "PATH": beside + os.pathsep + os.environ["PATH"]}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


def import_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports the bundled sample into the world's archive, as if its agents had run on this machine."""
    for variable, folder in ROOTS.items():
        assert folder.is_dir()
        monkeypatch.setenv(variable, os.fspath(folder))
    done = subprocess.run(
        ["reenact", "import"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def is_about_the_archive(found: list[Block]) -> bool:
    return any(block.is_run and re.search(r"\breenact\b", block.text) for block in found)


WITH_EXAMPLES = [page for page in PAGES if any(block.is_run for block in page_blocks(page))]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_examples_of_a_page_work(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = page_blocks(page)
    enter_world(tmp_path / "home", monkeypatch)
    if is_about_the_archive(found):
        import_sample(monkeypatch)
    check_page(found)


def test_every_block_is_run_or_says_why_not() -> None:
    complaints = [complaint(block) for page in PAGES for block in page_blocks(page)]
    assert [text for text in complaints if text] == []


def one(text: str) -> Block:
    (block,) = blocks(text, page="page.md")
    return block


def test_a_block_knows_its_place_language_and_reason() -> None:
    block = one("# title\n\n````sh not-run: needs a client\n```\ninside\n````\n")
    assert (block.place, block.language, block.reason) == ("page.md:4", "sh", "needs a client")
    assert block.text == "```\ninside\n"
    assert not block.is_run


@pytest.mark.parametrize(
    "page",
    [
        "```\nno language\n```",
        "```sh\nmake\n```",
        "```text\n$ reenact list\n```",
        "```sh not-run:\nmake\n```",
    ],
)
def test_a_block_that_hides_an_example_is_refused(page: str) -> None:
    assert complaint(one(page)) is not None


@pytest.mark.parametrize(
    "page",
    [
        "```json\n{}\n```",
        "```python\n1\n```",
        "```console\n$ reenact list\n```",
        "```sh not-run: why\nmake\n```",
    ],
)
def test_a_block_that_is_run_or_shown_is_accepted(page: str) -> None:
    assert complaint(one(page)) is None


def test_a_failing_python_block_names_the_line_of_its_page() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        check_page([one("\n\n```python\nx = 1\nx / 0\n```\n")])
    last = caught.traceback[-1]
    assert (Path(last.path).name, last.lineno + 1) == ("page.md", 5)


def test_python_blocks_share_their_names_and_prompts_are_checked() -> None:
    first, second = "```python\nx = 20\n```\n", "```python\n>>> x + {}\n42\n```\n"
    check_page(blocks(first + second.format(22), page="page.md"))
    with pytest.raises(AssertionError, match="Expected"):
        check_page(blocks(first + second.format(23), page="page.md"))


def give_reenact(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts a stand-in named reenact first on the path, to see what the runner itself does."""
    program = folder / "reenact"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", os.fspath(folder) + os.pathsep + os.environ["PATH"])


def test_a_console_block_runs_each_of_its_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_reenact(tmp_path, f'echo "$@" >> {tmp_path}/calls', monkeypatch)
    check_page([one("```console\n$ reenact list \\\n  --json | cat\noutput\n$ reenact tree last\n```\n")])
    assert (tmp_path / "calls").read_text() == "list --json\ntree last\n"


def test_a_command_that_fails_fails_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_reenact(tmp_path, "echo no such session >&2; exit 4", monkeypatch)
    with pytest.raises(AssertionError, match=r"page.md:2: \$ reenact show x(?s:.)*exit 4\s+no such session"):
        check_page([one("```console\n$ reenact show x | cat\n```\n")])


@pytest.mark.parametrize("text", ["$ rm -r x", "output only", "$ reenacted"])
def test_a_console_block_calls_nothing_but_reenact(text: str) -> None:
    with pytest.raises(AssertionError, match="reenact"):
        check_page([one(f"```console\n{text}\n```\n")])


def test_the_world_of_examples_has_no_trace_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", "elsewhere")
    enter_world(tmp_path / "home", monkeypatch)
    assert "CLAUDE_CONFIG_DIR" not in os.environ
    assert Path.home() == tmp_path / "home" == Path.cwd()
