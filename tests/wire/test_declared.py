"""Declared values stand where they stand as a whole, in every form that texts give them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.wire.declared import Declared, Entry, Form, Named, Substitution, ambiguities, forms, slug

HEAD = "42c3d3f0a1b2c3d4e5f60718293a4b5c6d7e8f90"
RUN = Declared(
    cwd="/home/dev/code/todo-api/",
    home="/home/dev",
    temp="/tmp",
    dates=("2026-11-21",),
    git_heads=(HEAD,),
    further=(Named(name="project", value="todo-api"),),
)


def replaced(text: str, run: Declared = RUN) -> str:
    return Substitution(Entry(form=form, replace=f"<{form.name}>") for form in forms(run))(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cd /home/dev/code/todo-api && ls", "cd <cwd> && ls"),
        ("/home/dev/code/todo-api/app.py", "<cwd>/app.py"),
        ("It is in /home/dev/code/todo-api.", "It is in <cwd>."),
        ("/home/dev/code/todo-api-2", "<cwd-up-1>/todo-api-2"),
        ("/home/dev/code/todo-api.bak", "<cwd-up-1>/todo-api.bak"),
        ("/home/dev/code", "<cwd-up-1>"),
        ("/home/dev/.claude/projects/-home-dev-code-todo-api/memory", "<home>/.claude/projects/<cwd-slug>/memory"),
        ("-home-dev-code-todo-api-2", "-home-dev-code-todo-api-2"),
        ("/home/developer", "/home/developer"),
        ("/tmp/x and src/tmp/x and ~/tmp and ../tmp", "<temp>/x and src/tmp/x and ~/tmp and ../tmp"),
        ("cc -I/home/dev/include", "cc -I<home>/include"),
        ("file:///home/dev/x", "file://<home>/x"),
        ("42c3d3f initial commit", "<git-0> initial commit"),
        (HEAD, "<git-0>"),
        ("42c3d3f0b is another", "42c3d3f0b is another"),
        ("x42c3d3f", "x42c3d3f"),
        ("today is 2026-11-21.", "today is <date-0-iso>."),
        ("2026-11-21T10:00", "2026-11-21T10:00"),
        ("notes-2026-11-21.md", "notes-2026-11-21.md"),
        ("Saturday, November 21, 2026", "<date-0-long>"),
        ("Sat Nov 21 2026", "<date-0-js>"),
        ("November 21, 2026; Nov 21, 2026; 2026/11/21; 11/21/2026", "<date-0-plain>; <date-0-short>; <date-0-slashes>; <date-0-american>"),
        ("The current month is November 2026.", "The current month is <date-0-month>."),
        ("project todo-api", "project <project>"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_value_is_replaced_where_it_stands_as_a_whole(text: str, expected: str) -> None:
    assert replaced(text) == expected


def test_a_long_slug_is_found_with_the_hash_behind_it() -> None:
    cwd = "/home/dev/" + "deep/" * 50 + "end"
    text = slug(cwd)
    assert len(text) == 200
    assert replaced(f"projects/{text}-1a2b3c/x", Declared(cwd=cwd)) == "projects/<cwd-slug>/x"


@pytest.mark.parametrize(
    "odd",
    [
        Declared(),
        Declared(cwd="/", home="relative", temp=""),
        Declared(dates=("soon",), git_heads=("abc",)),
        Declared(further=(Named(name="empty", value=""),)),
    ],
)
def test_what_is_no_value_replaces_nothing(odd: Declared) -> None:
    text = "/ relative soon abc stays"
    assert replaced(text, odd) == text


def test_of_two_names_for_one_text_the_first_counts() -> None:
    assert replaced("/srv/app", Declared(cwd="/srv/app", home="/srv/app", temp="/srv/app")) == "<cwd>"


def test_parents_end_at_the_home_and_above_two_parts() -> None:
    names = {
        form.text
        for form in forms(Declared(cwd="/data/a/b/c", home="/home/x"))
        if form.name.startswith("cwd-up")
    }
    assert names == {"/data/a/b", "/data/a"}
    assert not [
        form for form in forms(Declared(cwd="/home/x/a", home="/home/x")) if form.name.startswith("cwd-up")
    ]


@given(st.text("ab/-_ .\n", max_size=30), st.text("ab/-_ .\n", max_size=30))
def test_what_is_around_a_whole_path_stays(before: str, after: str) -> None:
    text = f"{before} /home/dev/code/todo-api {after}"
    assert replaced(text) == f"{before} <cwd> {after}"


def test_values_that_cannot_be_told_apart_are_named() -> None:
    recorded = Declared(cwd="/work", home="/work", temp="/tmp")
    actual = Declared(cwd="/data/work", home="/home/me", temp="/tmp")
    assert ambiguities(recorded, actual) == (
        "recorded cwd and home are both /work; in the actual run they differ",
    )
    assert ambiguities(actual, recorded) == (
        "actual cwd and home are both /work; in the recording they differ",
    )
    assert ambiguities(actual, actual) == ()
    assert ambiguities(recorded, recorded) == ()


def test_a_replacement_may_depend_on_what_was_found() -> None:
    form = Form(name="git", text=HEAD, kind="head")
    shorten = Substitution([Entry(form=form, replace=lambda found: str(len(found)))])
    assert shorten(f"42c3d3f0a and {HEAD}") == "9 and 40"
