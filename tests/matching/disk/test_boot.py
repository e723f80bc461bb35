"""How processes agree on which run of the machine this is."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from takeback.matching.disk import boot

Name = Callable[[], UUID]


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Name:
    """What each process asks once, where the kernel's name is hidden and memory is there."""
    monkeypatch.setattr(boot, "OF_KERNEL", tmp_path / "hidden")
    monkeypatch.setattr(boot, "MEMORY", tmp_path)
    monkeypatch.setattr("os.path.ismount", lambda _: True)
    return boot.boot_id.__wrapped__


def test_the_kernel_names_the_run(name: Name, tmp_path: Path) -> None:
    """Where it may be read, nothing is written anywhere."""
    (tmp_path / "hidden").write_text("6a1ba69c-2d02-4d1b-8a3c-0e5d3d0f7a52\n")

    assert str(name()) == "6a1ba69c-2d02-4d1b-8a3c-0e5d3d0f7a52"
    assert [path.name for path in tmp_path.iterdir()] == ["hidden"]


@pytest.mark.parametrize("masked", [False, True], ids=["missing", "empty"])
def test_where_that_is_hidden_all_processes_agree_nevertheless(
    masked: bool, name: Name, tmp_path: Path
) -> None:
    """As in some containers; in another's memory the name is another."""
    if masked:
        (tmp_path / "hidden").touch()

    first = name()

    assert name() == first
    next(tmp_path.glob("takeback-boot-*")).unlink()
    assert name() != first


def test_a_folder_on_the_disk_is_not_taken_for_memory(
    name: Name, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It outlives the run: then nobody takes what another shared for of this run."""
    monkeypatch.setattr("os.path.ismount", lambda _: False)

    assert name() != name()
    assert not list(tmp_path.iterdir())


def test_what_somebody_else_put_there_is_no_name(name: Name, tmp_path: Path) -> None:
    """Anybody may write to that folder."""
    planted = tmp_path / "planted"
    planted.write_text(str(name()))
    note = next(tmp_path.glob("takeback-boot-*"))
    note.unlink()
    note.symlink_to(planted)

    assert len({str(name()), str(name()), planted.read_text()}) == 3
