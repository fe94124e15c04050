"""Cleaning in place: what was there is kept, comes back byte by byte, and survives being killed at any moment."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from PIL import Image

from lorascope.errors import BadFile, Busy, MissingFile, NotFound, UserError
from lorascope.jobs.change_in_place import mend
from lorascope.jobs.clean import carry_out, clean, plan_cleaning
from lorascope.jobs.folder_lock import locked
from lorascope.jobs.read_dataset import LINEAGE_FILE, read_dataset, read_folder
from lorascope.jobs.undo_clean import undo
from lorascope.jobs.version_folder import VERSIONS, changes, is_half_changed

LISTED = "bespoke, red hat, palette: #c81e28, #03dc73"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="no such thing there")
KILLED = Path(__file__).with_name("kill_at_call.py")


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "set"
    place.mkdir()
    texts = {
        "1": LISTED.encode("utf-8-sig"),
        "2": LISTED.encode("utf-16"),
        "3": (LISTED + ", café\r\n").encode("cp1252"),
        "4": b"bespoke, smiling",
        "-rf 'odd\n": LISTED.encode(),
    }
    for number, (name, data) in enumerate(texts.items()):
        picture = Image.new("RGB", (24, 24), (200, 30, 40))
        picture.putpixel((12, 12), (number, 99, 3))
        picture.save(place / f"{name}.png")
        (place / f"{name}.txt").write_bytes(data)
    return place


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def in_place(folder, **options):
    return clean(folder, None, in_place=True, include_ask=True, **options)


def test_the_captions_change_and_undo_brings_them_back_byte_by_byte(folder):
    os.utime(folder / "1.txt", ns=(10**18, 10**18))
    (folder / "1.txt").chmod(0o640)
    before = contents(folder)
    result = in_place(folder)
    assert (folder / "1.txt").read_bytes() == b"bespoke, red hat"
    assert (folder / "3.txt").read_bytes() == "bespoke, red hat, café\n".encode()
    assert (folder / "4.txt").read_bytes() == before["4.txt"]
    assert (folder / "1.txt").stat().st_mode & 0o777 == 0o640
    assert read_dataset(folder).digest == result.dataset.digest
    undone = undo(folder)
    assert contents(folder) == before
    assert (folder / "1.txt").stat().st_mtime_ns == 10**18
    assert undone.digest == read_dataset(folder).digest == result.dataset.parent
    assert not (folder / VERSIONS).exists()


def test_what_was_there_is_kept_as_a_file_of_its_own(folder):
    before = contents(folder)
    backup = in_place(folder).backup
    assert backup.parent == folder / VERSIONS
    assert {path.name: path.read_bytes() for path in (backup / "before").iterdir()} == {
        name: data for name, data in before.items() if name.endswith(".txt") and name != "4.txt"
    }
    assert all(path.stat().st_nlink == 1 for path in (backup / "before").iterdir())


def test_several_cleanings_are_taken_back_one_after_the_other(folder):
    states = [contents(folder)]
    for only in (["palette_tail"], ["encoding"]):
        in_place(folder, only=only)
        states.append(contents(folder))
    assert len({str(state) for state in states}) == 3
    assert undo(folder).left == 1
    assert contents(folder) == states[1]
    assert undo(folder).left == 0
    assert contents(folder) == states[0]
    with pytest.raises(NotFound, match="nothing was changed in place"):
        undo(folder)


def test_a_version_left_twice_is_kept_twice(folder):
    """Rewriting bytes leaves the digest as it is: the texts are the same."""
    in_place(folder, only=["encoding"])
    (folder / "4.txt").write_bytes(b"bespoke, smiling".join([b"\xef\xbb\xbf", b""]))
    in_place(folder, only=["encoding"])
    assert [change.number for change in changes(folder)] == [1, 2]
    undo(folder)
    assert (folder / "4.txt").read_bytes() == b"\xef\xbb\xbfbespoke, smiling"


def test_nothing_to_mend_changes_nothing(folder):
    in_place(folder)
    before = contents(folder)
    result = in_place(folder)
    assert result.repairs == ()
    assert contents(folder) == before
    assert len(changes(folder)) == 1


def test_a_caption_edited_since_is_not_lost(folder):
    in_place(folder)
    (folder / "1.txt").write_text("bespoke, a better caption")
    now = contents(folder)
    with pytest.raises(UserError, match=r"1 file changed since the cleaning: 1\.txt"):
        undo(folder)
    assert contents(folder) == now
    undone = undo(folder, force=True)
    assert (folder / "1.txt").read_bytes() == LISTED.encode("utf-8-sig")
    assert [path.read_text() for path in Path(undone.kept[0]).iterdir()] == ["bespoke, a better caption"]


def test_a_caption_changed_between_audit_and_writing_is_left_alone(folder):
    plan = plan_cleaning(folder)
    repairs = plan.repairs(lambda _: True)
    (folder / "1.txt").write_text("bespoke, written meanwhile")
    result = carry_out(plan, repairs, None, in_place=True)
    assert (folder / "1.txt").read_text() == "bespoke, written meanwhile"
    assert result.refused_files == {"1.txt": "changed since it was read"}
    assert "1.txt" not in {repair.file for repair in result.repairs}
    assert (folder / "2.txt").read_text() == "bespoke, red hat"


def test_a_copy_takes_a_caption_that_was_changed_meanwhile_as_it_is(folder):
    plan = plan_cleaning(folder)
    repairs = plan.repairs(lambda _: True)
    (folder / "1.txt").write_text("bespoke, written meanwhile")
    Image.new("RGB", (24, 24), (1, 2, 3)).save(folder / "4.png")
    result = carry_out(plan, repairs, folder.with_name("new"))
    assert (folder.with_name("new") / "1.txt").read_text() == "bespoke, written meanwhile"
    assert list(result.refused_files) == ["1.txt"]
    assert read_dataset(folder.with_name("new")).digest == result.dataset.digest


@POSIX
def test_links_are_neither_followed_nor_replaced(folder, tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text(LISTED)
    (folder / "1.txt").unlink()
    (folder / "1.txt").symlink_to(outside)
    (folder / "5.txt").symlink_to("nowhere")
    result = in_place(folder)
    assert outside.read_text() == LISTED
    assert (folder / "1.txt").is_symlink()
    assert (folder / "5.txt").is_symlink()
    assert "is a link" in result.refused_files["1.txt"]
    copy = folder.with_name("new")
    clean(folder, copy, include_ask=True)
    assert (copy / "1.txt").read_text() == "bespoke, red hat"
    assert not (copy / "1.txt").is_symlink()


@POSIX
def test_the_other_name_of_a_hard_link_keeps_its_text(folder, tmp_path):
    other = tmp_path / "other.txt"
    os.link(folder / "1.txt", other)
    before = other.read_bytes()
    in_place(folder)
    assert other.read_bytes() == before
    assert (folder / "1.txt").read_bytes() != before
    undo(folder)
    assert (folder / "1.txt").read_bytes() == before


@POSIX
def test_a_folder_of_versions_that_is_a_link_is_refused(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (folder / VERSIONS).symlink_to(tmp_path / "elsewhere")
    before = contents(folder)
    with pytest.raises(MissingFile, match="not a link"):
        in_place(folder)
    assert contents(folder) == before
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_caption_of_ten_megabytes_is_left_alone(folder):
    (folder / "1.txt").write_bytes(b"red hat, " * 1_200_000)
    result = in_place(folder)
    assert (folder / "1.txt").stat().st_size == 10_800_000
    assert (folder / "2.txt").read_text() == "bespoke, red hat"
    assert "1.txt" not in {repair.file for repair in result.repairs}
    assert read_folder(folder).dataset.digest == result.dataset.digest


@pytest.mark.parametrize(
    "record",
    [
        '{"number":1,"before":"00000000","after":"00000000","files":[{"name":"../../x.txt","before":"00000000","after":"00000000"}]}',
        '{"number":1,"before":"00000000","after":"00000000","files":[{"name":".bashrc","before":null,"after":"00000000"}]}',
        '{"number":"1","before":"00000000","after":"00000000","files":[]}',
        '{"number":1,"before":"../..","after":"00000000","files":[]}',
        "[" * 100_000,
        "\xff",
        "{}",
    ],
)
def test_a_record_that_lorascope_did_not_write_is_refused(folder, record):
    place = folder / VERSIONS / "0123456789abcdef"
    place.mkdir(parents=True)
    (place / "version.json").write_text(record, "latin-1")
    with pytest.raises(BadFile, match="damaged"):
        undo(folder)
    with pytest.raises(BadFile, match="damaged"):
        in_place(folder)


def test_a_kept_file_that_was_altered_stops_the_undo_before_it_begins(folder):
    backup = in_place(folder).backup
    now = contents(folder)
    (backup / "before" / "1.txt").write_text("altered")
    with pytest.raises(BadFile, match=r"1 kept file cannot be restored: 1\.txt"):
        undo(folder)
    assert contents(folder) == now


@POSIX
def test_two_processes_do_not_change_a_folder_at_once(folder):
    before = contents(folder)
    script = (
        "import sys, pathlib; from lorascope.jobs.folder_lock import locked\n"
        "with locked(pathlib.Path(sys.argv[1])): print('held', flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", script, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(Busy):
            in_place(folder)
        other.communicate(b"\n")
    assert contents(folder) == before
    with locked(folder):
        pass


@POSIX
@pytest.mark.parametrize("limit", [10, 120])
def test_on_a_full_disk_nothing_has_changed(folder, limit):
    """A limit on the size of files stands for the full disk: at each, another file is the first that cannot be written."""
    before = contents(folder)
    names = sorted(path.name for path in folder.iterdir())
    script = (
        "import resource, signal, sys; from pathlib import Path; from lorascope.jobs.clean import clean\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "clean(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None, in_place=not sys.argv[2], include_ask=True)\n"
    )
    for out in ("", str(folder.with_name("new"))):
        ended = subprocess.run([sys.executable, "-c", script, folder, out], capture_output=True, check=False)
        assert b"File too large" in ended.stderr
        assert contents(folder) == before
        assert sorted(path.name for path in folder.iterdir()) == names
        assert [path.name for path in folder.parent.iterdir()] == ["set"]


@POSIX
def test_in_a_folder_that_cannot_be_written_to_nothing_has_changed(folder):
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        place = Path(name) / "set"
        shutil.copytree(folder, place)
        before = contents(place)
        place.chmod(0o555)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                if os.geteuid() == 0:
                    os.setgroups([])
                    os.setgid(65534)
                    os.setuid(65534)
                clean(place, None, in_place=True, include_ask=True)
            except MissingFile as error:
                code = 0 if "Permission denied" in str(error) and "--out" in error.next_step else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert contents(place) == before
        place.chmod(0o755)


MOMENTS = pytest.mark.parametrize("step", [pytest.param(7, id="some"), pytest.param(1, id="all", marks=pytest.mark.slow)])


def killed_at_every_moment(base, command, step):
    """A copy of the folder for each moment (or every so many), each with a process that was killed there."""
    count = int(subprocess.run([sys.executable, KILLED, fresh(base, "whole"), "count", command], capture_output=True, check=True).stdout)
    assert count > 20
    moments = [fresh(base, str(call)) for call in range(1, count + 1, step)]
    ended = subprocess.run([sys.executable, KILLED, base, str(count), command, str(step)], capture_output=True, check=True)
    codes = [int(line.split()[1]) for line in ended.stdout.splitlines()]
    assert codes == [-signal.SIGKILL] * len(moments)
    return base.parent / "whole" / base.name, moments


def fresh(base, name):
    return shutil.copytree(base, base.parent / name / base.name)


@POSIX
@MOMENTS
def test_killed_at_any_moment_a_cleaning_can_be_finished_or_taken_back(folder, step):
    before = contents(folder)
    whole, moments = killed_at_every_moment(folder, "clean", step)
    after = contents(whole)
    assert after != before
    half = 0
    for moment in moments:
        if is_half_changed(moment):
            half += 1
            with pytest.raises(BadFile, match="interrupted"):
                read_dataset(moment)
            undone = fresh(moment, "undone")
            assert undo(undone).interrupted
            assert contents(undone) == before
            assert "finished" in mend(moment)
            assert contents(moment) == after
        else:
            assert contents(moment) in (before, after)
            mend(moment)
            assert contents(moment) in (before, after)
        assert not is_half_changed(moment)
        if contents(moment) == after:
            undo(moment)
        assert contents(moment) == before
        assert not (moment / VERSIONS).exists()
    assert half > 5 / step


@POSIX
@MOMENTS
def test_killed_at_any_moment_an_undo_can_be_finished(folder, step):
    before = contents(folder)
    in_place(folder)
    after = contents(folder)
    whole, moments = killed_at_every_moment(folder, "undo", step)
    assert contents(whole) == before
    half = 0
    for moment in moments:
        if is_half_changed(moment):
            half += 1
            again = fresh(moment, "again")
            undo(again)
            assert contents(again) == before
            assert "undo" in mend(moment)
        assert contents(moment) in (before, after)
        if contents(moment) == after:
            undo(moment)
        else:
            mend(moment)
        assert contents(moment) == before
        assert not (moment / VERSIONS).exists()
    assert half > 3 / step


def test_an_interrupted_cleaning_keeps_what_was_edited_afterwards(folder):
    in_place(folder)
    backup = changes(folder)[0].place
    (folder / "1.txt").write_text("edited by hand")
    (backup / "after").mkdir()
    (backup / "after" / "1.txt").write_bytes(b"bespoke, red hat")
    backup.rename(backup.with_name(backup.name + ".unfinished"))
    assert "1 changed since and left" in mend(folder)
    assert (folder / "1.txt").read_text() == "edited by hand"
    assert (folder / LINEAGE_FILE).is_file()


@POSIX
def test_killed_while_it_copies_there_is_no_new_folder_and_the_next_try_works(folder):
    before = contents(folder)
    script = (
        "import os, signal, sys; from pathlib import Path; from lorascope.jobs.clean import clean\n"
        "sys.addaudithook(lambda event, said: event == 'open' and str(said[0]).endswith('3.txt') and 'partial' in str(said[0])"
        " and os.kill(os.getpid(), signal.SIGKILL))\n"
        "clean(Path(sys.argv[1]), Path(sys.argv[2]))\n"
    )
    new = folder.with_name("new")
    assert subprocess.run([sys.executable, "-c", script, folder, new], check=False).returncode == -signal.SIGKILL
    assert not new.exists()
    assert contents(folder) == before
    clean(folder, new)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["new", "set"]
