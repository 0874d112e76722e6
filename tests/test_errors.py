from __future__ import annotations

import inspect
import pickle

import pytest

from reenact import errors

SAMPLES: list[errors.ReenactError] = [
    errors.ReenactError("it broke", hint="mend it"),
    errors.UsageError("that is no verb"),
    errors.QuerySyntaxError("a (b", 3, "this '(' is not closed", "a ')'"),
    errors.NotFoundError("nothing there"),
    errors.SessionNotFoundError("abc"),
    errors.AmbiguousSessionError("a", {"ab": "b", "ac": "c"}),
    errors.SessionExistsError("ab"),
    errors.SessionClosedError("ab"),
    errors.SessionBusyError("ab"),
    errors.UnpairedError("ab", ("call-1", "call-2")),
    errors.ArchiveError("the archive is shut"),
    errors.ArchiveTooNewError("/a", 9, 1),
    errors.ReadOnlyArchiveError("/a", "the disk is read-only"),
    errors.ArchiveBusyError("/a", "process 5"),
    errors.CorruptRecordError("live/x.jsonl:3", "its checksum does not fit"),
    errors.FormatTooNewError("live/x.jsonl:3", "it is of format 9"),
    errors.ConfigError("config.toml", "no such setting"),
]


def test_every_error_is_tried_here() -> None:
    classes = {
        cls for _, cls in inspect.getmembers(errors, inspect.isclass) if cls.__module__ == errors.__name__
    }
    assert {type(error) for error in SAMPLES} == classes


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_names_its_parts_and_keeps_them(error: errors.ReenactError) -> None:
    assert str(error) == error.message
    own = {name: value for name, value in vars(error).items() if name not in {"message", "hint"}}
    parameters = set(inspect.signature(type(error)).parameters) - {"message", "hint"}
    assert parameters == set(own)
    for value in own.values():
        for each in value if isinstance(value, (tuple, dict)) else (value,):
            assert str(each) in error.message


@pytest.mark.parametrize(
    ("cls", "code"),
    [
        (errors.ReenactError, 1),
        (errors.ArchiveError, 1),
        (errors.CorruptRecordError, 1),
        (errors.UsageError, 2),
        (errors.AmbiguousSessionError, 2),
        (errors.ConfigError, 2),
        (errors.NotFoundError, 4),
        (errors.SessionNotFoundError, 4),
    ],
)
def test_an_error_knows_how_the_command_line_ends(cls: type[errors.ReenactError], code: int) -> None:
    assert cls.exit_code == code


@pytest.mark.parametrize("error", SAMPLES[4:], ids=lambda error: type(error).__name__)
def test_what_users_meet_says_what_to_do_next(error: errors.ReenactError) -> None:
    if type(error) is not errors.ArchiveError:
        assert error.hint


def test_of_many_candidates_only_the_first_are_named() -> None:
    error = errors.AmbiguousSessionError("a", {f"a{index}": "" for index in range(9)})
    assert "a4, …" in error.message
    assert "a5" not in error.message
    assert len(error.candidates) == 9


def test_candidates_are_named_by_the_ids_that_fit_and_by_both_where_those_differ() -> None:
    candidates = {"abcd": "7f00", "1234": "ab99", "abff": "ab77", "ab11": "ab11"}
    told = errors.AmbiguousSessionError("ab", candidates).message
    assert told.endswith("session: abcd, ab99 (1234), ab77 (abff), ab11")


def test_a_plain_error_crosses_process_borders() -> None:
    assert pickle.loads(pickle.dumps(errors.ReenactError("x"))).message == "x"
