"""Files that commands write: whole or not at all."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from civis_usage.client import ConfigurationError
from civis_usage.files import atomic_writer, ensure_writable, write


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_report_is_written_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    for text in ("old " * 1000, "new é\ud800"):
        write(path, text)
    assert path.read_bytes() == b"new \xc3\xa9\\ud800"
    assert names_in(tmp_path) == ["report.json"]


def test_a_failed_write_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    write(path, "old")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConfigurationError, match=r"report\.json cannot be written: No space left on device\."):
        write(path, "new")
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["report.json"]


def test_a_report_keeps_permissions_and_follows_links(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    write(link, "new")
    assert (link.is_symlink(), target.read_text(), stat.S_IMODE(target.stat().st_mode)) == (True, "new", 0o640)


def test_a_new_report_has_ordinary_permissions(tmp_path: Path) -> None:
    write(tmp_path / "report", "text")
    (tmp_path / "other").write_text("text")
    assert (tmp_path / "report").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_device_is_written_to_and_not_replaced() -> None:
    ensure_writable("/dev/null")
    write("/dev/null", "text")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize("use", [ensure_writable, lambda path: write(path, "text")])
@pytest.mark.parametrize("name", ["missing/report.json", "folder", "file/report.json"])
def test_a_path_that_cannot_be_written_is_named(tmp_path: Path, use: Callable[[Path], None], name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError) as refused:
        use(tmp_path / name)
    assert str(refused.value).startswith(f"{tmp_path / name} cannot be written: ")
    assert names_in(tmp_path) == ["file", "folder"]


def test_looking_changes_nothing(tmp_path: Path) -> None:
    ensure_writable(tmp_path / "new")
    (tmp_path / "old").write_text("text")
    ensure_writable(tmp_path / "old")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"old": "text"}


def test_what_is_written_before_an_error_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write(path, "old")
    with pytest.raises(RuntimeError), atomic_writer(path) as file:
        file.write(b"half of the ")
        raise RuntimeError
    assert (path.read_text(), names_in(tmp_path)) == ("old", ["report.json"])
