"""The rules that the project sets itself, where a machine can hold it to them."""

import ast
import fnmatch
import hashlib
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

# Lines of a source file: above the first number it needs a reason here, above the second there is none.
USUAL_LINES, MOST_LINES = 400, 600
LONG_FILES: dict[str, str] = {
    "src/reenact/store/local.py": "one door: every method of a store, each handed on in a line or two",
    "src/reenact/store/memory.py": "one door: every method of a store, as plainly as it can be done",
    "src/reenact/events/bodies.py": "one table: every kind of event, a few lines each",
    "src/reenact/archive/facade.py": "one door: every verb on an archive, each handed on in a line",
    "src/reenact/recorder/session.py": "one door: every verb of a recorded session, each documented",
    "src/reenact/sessions/live.py": "one door: every verb of a live session, each documented",
}

# Written in pieces, so that this file does not hold what it forbids.
FORBIDDEN = re.compile(
    "|".join(
        (
            r"/(?:work|farm|root)/[A-Za-z.]",
            r"(?:index|find)[-_](?:url|links)",
            r"registry\." + r"npmjs",
            r"pythonhosted" + r"\.org",
            r"pypi" + r"\.org/simple",
            r"deb\." + r"debian\.org",
            r'"resol' + r'ved":',
        )
    )
)
# Codex names the agents of a tree by paths that begin at "root"; where a transcript declares one, it is no machine's.
AGENT_PATH = re.compile(r'(?:\\?"agent_path\\?":\s*\\?"|Task name: )(/[a-z0-9_/]+)')


def tracked_files() -> list[Path]:
    """Every committed file that is still there."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    paths = [ROOT / name.decode() for name in listing.split(b"\0") if name]
    return [path for path in paths if path.is_file()]


def forbidden_lines(text: str) -> list[str]:
    """Line number and wording wherever a text names a package index, a download address or a machine path."""
    agents = sorted(set(AGENT_PATH.findall(text)), key=len, reverse=True)
    agent = re.compile("|".join(rf"{re.escape(path)}(?![\w./-])" for path in agents) or r"(?!)")
    return [
        f"{number}: {match.group()}"
        for number, line in enumerate(agent.sub("", text).split("\n"), start=1)
        if (match := FORBIDDEN.search(line))
    ]


@pytest.mark.parametrize(
    "pieces",
    [
        ("pip install --index", "-url x"),
        ("find", "_links = x"),
        ("see /wo", "rk/main"),
        ("/ro", "ot/.claude"),
        ("https://registry.", "npmjs.org/left-pad"),
        ('"resol', 'ved": "x"'),
    ],
    ids=lambda pieces: pieces[0],
)
def test_an_address_or_machine_path_is_recognised_with_its_line(pieces: tuple[str, str]) -> None:
    (hit,) = forbidden_lines("fine\n" + "".join(pieces) + "\nfine")
    assert hit.startswith("2: ")


def test_the_name_of_an_agent_in_a_transcript_is_not_taken_for_a_machine_path() -> None:
    agent = "/ro" + "ot/reviewer"
    declared = f'{{"agent_path": "{agent}"}}\n{{"author":"{agent}"}}\n'
    assert forbidden_lines(declared) == []
    assert len(forbidden_lines(declared + f"{agent}/notes.md\n{agent}.md\n")) == 2
    assert len(forbidden_lines(f'{{"author":"{agent}"}}')) == 1


def test_no_committed_text_names_an_index_an_address_or_a_machine_path() -> None:
    found = []
    for path in tracked_files():
        data = path.read_bytes()
        if b"\0" not in data:  # else it is not text
            hits = forbidden_lines(data.decode("utf-8", errors="replace"))
            found += [f"{path.relative_to(ROOT)}:{hit}" for hit in hits]
    assert found == []


def lines_by_source_file() -> dict[str, int]:
    """Number of lines of every Python file of the package."""
    files = sorted((ROOT / "src").rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in files}


def test_source_files_are_short_or_say_why_not() -> None:
    lines = lines_by_source_file()
    assert {name: n for name, n in lines.items() if n > USUAL_LINES and name not in LONG_FILES} == {}
    assert {name: n for name, n in lines.items() if n > MOST_LINES} == {}


def test_the_list_of_long_files_is_not_out_of_date() -> None:
    lines = lines_by_source_file()
    assert [name for name in LONG_FILES if lines.get(name, 0) <= USUAL_LINES] == []
    assert [name for name, reason in LONG_FILES.items() if not reason.strip()] == []


def pins() -> dict[str, str]:
    """Version by canonical name, as constraints.txt pins them."""
    rows = (ROOT / "constraints.txt").read_text().splitlines()
    return {canonicalize_name(row.partition("==")[0]): row.partition("==")[2] for row in rows}


def everything_declared() -> list[str]:
    """What users need and what developing needs."""
    project = PYPROJECT["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["dev"]]


def test_constraints_hold_names_and_versions_and_nothing_else() -> None:
    rows = (ROOT / "constraints.txt").read_text().splitlines()
    assert [row for row in rows if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", row)] == []
    assert len(pins()) == len(rows)


def test_every_declared_dependency_is_pinned_to_a_version_it_allows() -> None:
    requirements = [Requirement(text) for text in everything_declared()]
    pinned = pins()
    missing = [str(r) for r in requirements if canonicalize_name(r.name) not in pinned]
    assert missing == []
    refused = [str(r) for r in requirements if pinned[canonicalize_name(r.name)] not in r.specifier]
    assert refused == []


def test_whatever_the_declared_dependencies_need_is_pinned_too() -> None:
    waiting = [Requirement(text) for text in everything_declared()]
    needed: dict[str, set[str]] = {}  # extras by name: an extra may ask for more than the package alone
    while waiting:
        wanted = waiting.pop()
        name, extras = canonicalize_name(wanted.name), {"", *wanted.extras}
        if extras <= needed.get(name, set()):
            continue
        needed[name] = needed.get(name, set()) | extras
        below = [Requirement(text) for text in requires(name) or []]
        waiting += [
            r for r in below if r.marker is None or any(r.marker.evaluate({"extra": e}) for e in extras)
        ]
    assert len(needed) > 30
    assert sorted(set(needed) - set(pins())) == []


def imported_from_elsewhere(*folders: str, but: str = "") -> set[str]:
    """Top names of all that these folders (`but` one in them) import and that is neither Python's nor ours."""
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py") if but not in path.parts]
    found = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import():
                    found |= {name.name.partition(".")[0] for name in node.names}
                case ast.ImportFrom(module=str(module), level=0):
                    found.add(module.partition(".")[0])
    return found - sys.stdlib_module_names - {"reenact", "tests", "bench", "tools", "hatch_build"}


def undeclared(names: set[str], dependencies: list[str]) -> set[str]:
    """The names that no declared distribution provides."""
    declared = {canonicalize_name(Requirement(text).name) for text in dependencies}
    providers = packages_distributions()
    return {name for name in names if not declared & {canonicalize_name(d) for d in providers.get(name, [])}}


def test_everything_the_package_imports_is_a_declared_dependency() -> None:
    names = imported_from_elsewhere("src", but="integrations")
    assert "msgspec" in names
    assert undeclared(names, PYPROJECT["project"]["dependencies"]) == set()


def test_whatever_else_is_imported_is_declared_for_development() -> None:
    names = imported_from_elsewhere("src/reenact/integrations", "tests", "bench", "tools")
    assert "pytest" in names
    assert undeclared(names, everything_declared()) == set()


def test_every_dependency_of_users_says_what_it_is_for() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    block = text.partition("\ndependencies = [\n")[2].partition("\n]")[0]
    silent = [line.strip() for line in block.splitlines() if not re.search(r'",\s+# \S', line)]
    assert block
    assert silent == []


def test_make_help_names_every_target_a_contributor_needs() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = {line.split()[1] for line in shown.splitlines() if line.startswith("  make ")}
    assert {"run", "test", "check", "bench", "fmt", "crash", "clean", "help"} <= listed


def test_the_rooms_that_must_be_covered_wholly_exist() -> None:
    known = subprocess.run(
        ["make", "-pn", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    line = next(row for row in known.splitlines() if row.startswith("EXACT := "))
    sources = list(lines_by_source_file())
    patterns = line.removeprefix("EXACT := ").split(",")
    assert len(patterns) > 1
    assert [pattern for pattern in patterns if not fnmatch.filter(sources, pattern)] == []


def test_the_changelog_begins_with_what_is_unreleased() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "Unreleased"


def test_the_licence_is_the_unchanged_text_of_apache_2() -> None:
    digest = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()
    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
    assert PYPROJECT["project"]["license"] == "Apache-2.0"


def test_the_script_for_continuous_integration_is_executable_bash() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)
