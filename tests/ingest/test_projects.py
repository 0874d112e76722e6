"""Which project a directory belongs to."""

from __future__ import annotations

from pathlib import Path

from reenact.ingest.projects import root_of


def test_a_project_is_the_git_root_above_a_directory(tmp_path: Path) -> None:
    inner = tmp_path / "repo" / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    assert root_of(str(inner)) == str(tmp_path / "repo")


def test_a_worktree_counts_to_its_repository(tmp_path: Path) -> None:
    repository, tree = tmp_path / "repo", tmp_path / "feature"
    (repository / ".git" / "worktrees" / "feature").mkdir(parents=True)
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {repository}/.git/worktrees/feature\n")
    assert root_of(str(tree)) == str(repository)


def test_a_submodule_is_a_project_of_its_own(tmp_path: Path) -> None:
    inner = tmp_path / "repo" / "lib"
    inner.mkdir(parents=True)
    (inner / ".git").write_text("gitdir: ../.git/modules/lib\n")
    assert root_of(str(inner)) == str(inner)


def test_no_project_is_known_for_what_is_gone_or_not_a_path(tmp_path: Path) -> None:
    assert root_of(str(tmp_path / "gone")) is None
    assert root_of("relative/path") is None
    assert root_of("/nul\x00byte") is None
