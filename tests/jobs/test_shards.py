"""Folders, archives and Parquet files to rows: in one order, whatever lies about, and nothing written anywhere."""

import io
import os
import tarfile
import tracemalloc

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from lorascope.errors import BadFile, MissingExtra, MissingFile
from lorascope.jobs import list_files
from lorascope.jobs.list_files import list_pairs
from lorascope.jobs.read_shard import Reading
from lorascope.jobs.shards import ShardKind, Source, cut


def png(level=0):
    file = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), level, np.uint8)).save(file, "PNG")
    return file.getvalue()


def rows(source, *, text_only=False):
    found = []
    for shard in cut(source):
        reading = Reading(source, shard, text_only)
        found += [row for batch in reading.batches() for row in batch.to_pylist()]
    return found


def write(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png() if path.suffix in {".png", ".jpg"} else b"red hat")


def keys(source):
    return [row["key"] for row in rows(source)]


def test_a_folder_is_read_with_the_folders_in_it_images_beside_their_captions(tmp_path):
    write(tmp_path, "b.png", "b.txt", "a.png", "deep/er/c.jpg", "deep/er/c.txt", "deep/d.txt", ".hidden.png", "notes.md")
    found = rows(Source(str(tmp_path)))
    assert [(row["key"], row["image"] is not None, row["caption"]) for row in found] == [
        ("a.png", True, None),
        ("b.png", True, b"red hat"),
        ("deep/d.txt", False, b"red hat"),
        ("deep/er/c.jpg", True, b"red hat"),
    ]
    assert found[2]["image_problem"] == "no image of this name"


def test_the_order_does_not_depend_on_how_many_names_fit_in_memory(tmp_path, monkeypatch):
    write(tmp_path, *(f"{number % 7}-{number}.{kind}" for number in range(60) for kind in ("png", "txt")))
    whole = [pair.image.name for pair in list_pairs(str(tmp_path))]
    monkeypatch.setattr(list_files, "NAMES_IN_MEMORY", 7)
    pairs = list(list_pairs(str(tmp_path)))
    assert [pair.image.name for pair in pairs] == whole
    assert len(whole) == 60
    assert all(pair.caption.name == pair.image.name[:-4] + b".txt" for pair in pairs)


def test_listing_holds_few_names_in_memory(tmp_path, monkeypatch):
    for number in range(6000):
        (tmp_path / f"a-rather-long-name-of-a-picture-{number:060}.png").touch()
    monkeypatch.setattr(list_files, "NAMES_IN_MEMORY", 1000)
    tracemalloc.start()
    assert sum(1 for _ in list_pairs(str(tmp_path))) == 6000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 700_000  # the names alone are 6000 x 190 bytes


def test_loops_of_links_end_and_links_to_files_are_followed(tmp_path):
    write(tmp_path, "inner/a.png", "elsewhere.txt")
    (tmp_path / "inner/loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "inner/a.txt").symlink_to(tmp_path / "elsewhere.txt")
    (tmp_path / "inner/b.png").symlink_to(tmp_path / "nowhere.png")
    found = {row["key"]: row for row in rows(Source(str(tmp_path)))}
    assert set(found) == {"elsewhere.txt", "inner/a.png", "inner/b.png"}
    assert found["inner/a.png"]["caption"] == b"red hat"
    assert found["inner/b.png"]["image_problem"] == "a link that leads nowhere"


def test_names_of_any_bytes_are_read(tmp_path):
    names = [b"line\nend.png", b"not-utf8-\xff.png", b"quote'\".png"]
    for name in names:
        (tmp_path / os.fsdecode(name)).write_bytes(png())
    found = rows(Source(str(tmp_path)))
    assert [row["key"] for row in found] == ["line\nend.png", "not-utf8-\\xff.png", "quote'\".png"]
    assert all(row["image"] == png() for row in found)


def test_pipes_are_not_opened(tmp_path):
    write(tmp_path, "a.png")
    os.mkfifo(tmp_path / "b.png")
    assert keys(Source(str(tmp_path))) == ["a.png"]


def test_a_file_that_changes_or_goes_while_the_folder_is_read_is_told_of(tmp_path):
    write(tmp_path, "a.png", "b.png", "c.png", "c.txt")
    source = Source(str(tmp_path))
    shards = list(cut(source))
    (tmp_path / "a.png").write_bytes(png() + b"more")
    (tmp_path / "b.png").unlink()
    (tmp_path / "c.txt").write_bytes(b"blue hat and gloves")
    found = [row for batch in Reading(source, shards[0]).batches() for row in batch.to_pylist()]
    assert [row["image_problem"] for row in found] == ["changed while it was measured", "gone since the folder was listed", None]
    assert (found[2]["caption"], found[2]["caption_problem"]) == (None, "changed while it was measured")


def test_a_folder_is_cut_every_few_files_and_a_shard_knows_when_its_files_change(tmp_path):
    write(tmp_path, *(f"{number}.png" for number in range(5)))
    source = Source(str(tmp_path), files_per_shard=2)
    before = [(shard.name, shard.fingerprint) for shard in cut(source)]
    assert [name for name, _ in before] == ["files-000001", "files-000002", "files-000003"]
    (tmp_path / "3.png").write_bytes(png() + b"x")
    after = [(shard.name, shard.fingerprint) for shard in cut(source)]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]


def tar(path, members):
    with tarfile.open(path, "w") as archive:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def test_the_neighbors_of_one_key_in_a_tar_are_one_row(tmp_path):
    tar(tmp_path / "0.tar", [("a/1.png", png()), ("a/1.txt", b"red hat"), ("a/1.json", b"{}"), ("2.txt", b"blue"), ("3.seg.png", png())])
    found = rows(Source(str(tmp_path / "0.tar")))
    assert [(row["key"], row["image"] is not None, row["caption"]) for row in found] == [("a/1", True, b"red hat"), ("2", False, b"blue")]


def test_names_in_a_tar_are_keys_and_never_paths(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    tar(inside / "0.tar", [("../../out.png", png()), ("/etc/out.txt", b"red"), ("a\nb.png", png())])
    with tarfile.open(inside / "0.tar", "a") as archive:
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    source = Source(str(inside))
    reading = Reading(source, next(cut(source)))
    found = [row["key"] for batch in reading.batches() for row in batch.to_pylist()]
    assert found == ["../../out", "/etc/out", "a\nb"]
    assert (reading.skipped, reading.problem) == (1, "")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["0.tar", "inside"]


def test_of_a_tar_that_is_cut_off_the_rows_before_are_kept(tmp_path):
    tar(tmp_path / "0.tar", [(f"{number}.png", png(number)) for number in range(9)])
    data = (tmp_path / "0.tar").read_bytes()
    (tmp_path / "0.tar").write_bytes(data[: 5 * 1024 + 600])
    source = Source(str(tmp_path))
    reading = Reading(source, next(cut(source)))
    found = [row["key"] for batch in reading.batches() for row in batch.to_pylist()]
    assert found[:5] == ["0", "1", "2", "3", "4"]
    assert len(found) < 9
    assert "broken or cut off" in reading.problem


@pytest.mark.parametrize("data", [b"", b"no tar at all" * 100, b"\0" * 10240])
def test_what_is_no_tar_is_said_to_be_broken_or_empty(tmp_path, data):
    (tmp_path / "0.tar").write_bytes(data)
    source = Source(str(tmp_path))
    reading = Reading(source, next(cut(source)))
    assert list(reading.batches()) == []


def test_a_forged_header_that_claims_gigabytes_fills_no_memory(tmp_path):
    member = tarfile.TarInfo("pax")
    member.type, member.size = tarfile.XHDTYPE, 5_000_000_000
    huge = tarfile.TarInfo("huge.png")
    huge.size = 7_000_000_000
    for header in (member, huge):
        (tmp_path / "0.tar").write_bytes(header.tobuf() + b"x" * 20_000)
        source = Source(str(tmp_path))
        reading = Reading(source, next(cut(source)))
        found = [row for batch in reading.batches() for row in batch.to_pylist()]
        assert reading.problem or found[0]["image_problem"] == "larger than 256000 kB"


def test_parquet_columns_are_named_by_the_user_and_rows_without_a_key_are_numbered(tmp_path):
    pq.write_table(
        pa.table({"text": ["red", None, "blue"], "picture": [{"bytes": png(), "path": "x"}, None, None]}), tmp_path / "a.parquet"
    )
    source = Source(str(tmp_path / "a.parquet"), image_column="picture", caption_column="text")
    found = [row for shard in cut(source) for batch in Reading(source, shard).batches() for row in batch.to_pylist()]
    assert [(row["key"], row["caption"], row["image"] is not None) for row in found] == [
        ("a.parquet#0", "red", True),
        ("a.parquet#1", None, False),
        ("a.parquet#2", "blue", False),
    ]
    with pytest.raises(BadFile, match="there are text, picture"):
        rows(Source(str(tmp_path / "a.parquet")))


def test_a_broken_parquet_file_is_said_to_be_broken(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing more")
    source = Source(str(tmp_path))
    reading = Reading(source, next(cut(source)))
    assert list(reading.batches()) == []
    assert "not a readable Parquet file" in reading.problem


def test_archives_in_a_folder_are_shards_of_their_own_with_safe_names(tmp_path):
    tar(tmp_path / "b c%.tar", [])
    pq.write_table(pa.table({"caption": ["a"]}), tmp_path / "a.parquet")
    assert [(shard.name, shard.kind) for shard in cut(Source(str(tmp_path)))] == [
        ("a.parquet", ShardKind.PARQUET),
        ("b c%25.tar", ShardKind.TAR),
    ]


def test_what_is_not_there_or_not_a_collection_is_refused(tmp_path):
    with pytest.raises(MissingFile):
        rows(Source(str(tmp_path / "none")))
    (tmp_path / "a.zip").write_bytes(b"")
    with pytest.raises(BadFile, match=r"\.tar or \.parquet"):
        rows(Source(str(tmp_path / "a.zip")))
    with pytest.raises(MissingExtra):
        rows(Source("nosuch://bucket"))


def test_credentials_are_not_shown():
    assert "hush" not in repr(Source("s3://bucket", {"secret": "hush"}))
