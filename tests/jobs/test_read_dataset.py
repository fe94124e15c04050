"""Folders to datasets: what is wrong with single files is told, and the rest is read."""

from __future__ import annotations

import os

import pytest
from PIL import Image

from lorascope.errors import BadFile, BadParameter, MissingFile
from lorascope.jobs.read_dataset import read_dataset, read_folder


def write_image(path, color=(200, 30, 40), size=(8, 8)):
    Image.new("RGB", size, color).save(path)


def test_images_and_captions_are_paired_in_natural_order(tmp_path):
    for number in (10, 2, 1):
        write_image(tmp_path / f"{number}.png")
        (tmp_path / f"{number}.txt").write_text(f"caption {number}\n")
    dataset = read_dataset(tmp_path)
    assert [item.image_file for item in dataset.items] == ["1.png", "2.png", "10.png"]
    assert [item.caption for item in dataset.items] == ["caption 1\n", "caption 2\n", "caption 10\n"]
    assert dataset.name == tmp_path.name
    assert dataset.captions == 3


def test_folders_inside_are_not_read(tmp_path):
    write_image(tmp_path / "a.png")
    (tmp_path / "more").mkdir()
    write_image(tmp_path / "more" / "b.png")
    assert len(read_dataset(tmp_path).items) == 1


def test_missing_and_orphan_captions_are_told_apart(tmp_path):
    write_image(tmp_path / "a.JPG")
    (tmp_path / "b.txt").write_text("lost")
    (tmp_path / "notes.md").write_text("hello")
    reading = read_folder(tmp_path)
    assert reading.dataset.items[0].caption is None
    assert reading.dataset.orphans == ("b.txt",)
    assert reading.orphan_texts == {"b.txt": "lost"}
    assert reading.others == ("notes.md",)


def test_every_file_of_the_folder_is_named_whatever_it_is(tmp_path):
    write_image(tmp_path / "a.png")
    write_image(tmp_path / "a.jpg")
    for name in ("a.txt", "a.caption", "b.txt", "c.TXT", "notes.md"):
        (tmp_path / name).write_text("hat")
    assert read_folder(tmp_path).files == {"a.png", "a.jpg", "a.txt", "a.caption", "b.txt", "c.TXT", "notes.md"}


def test_the_digest_follows_images_and_captions_and_nothing_else(tmp_path):
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        write_image(tmp_path / name / "a.png", (1, 2, 3) if name == "three" else (200, 30, 40))
        (tmp_path / name / "a.txt").write_text("hat")
    (tmp_path / "two" / "readme").write_text("something")
    one, two, three = (read_dataset(tmp_path / name).digest for name in ("one", "two", "three"))
    assert one == two != three
    (tmp_path / "two" / "a.txt").write_text("cap")
    assert read_dataset(tmp_path / "two").digest != one


@pytest.mark.parametrize(
    ("data", "text", "codec"),
    [
        ("caf\u00e9".encode(), "caf\u00e9", "utf-8"),
        ("caf\u00e9".encode("cp1252"), "caf\u00e9", "cp1252"),
        ("caf\u00e9".encode("utf-8-sig"), "caf\u00e9", "utf-8"),
        ("caf\u00e9".encode("utf-16"), "caf\u00e9", "utf-16-le"),
        ("red hat".encode("utf-16-be"), "red hat", "utf-16-be"),
        (b"\xff\xfe\x00\x00" + "hat".encode("utf-32-le"), "hat", "utf-32-le"),
        (b"caf\xe9 \x81", "caf\u00e9 \x81", "latin-1"),
        (b"re\0d", "re\0d", "utf-8"),
        (b"", "", "utf-8"),
    ],
)
def test_captions_in_any_encoding_are_read_and_would_be_written_back_alike(tmp_path, data, text, codec):
    write_image(tmp_path / "a.png")
    (tmp_path / "a.txt").write_bytes(data)
    reading = read_folder(tmp_path)
    encoding = reading.encodings["a.txt"]
    assert (reading.dataset.items[0].caption, encoding.codec) == (text, codec)
    assert encoding.encode(text) == data


def test_line_ends_are_kept(tmp_path):
    write_image(tmp_path / "a.png")
    (tmp_path / "a.txt").write_bytes(b"hat\r\nscarf\r\n")
    assert read_dataset(tmp_path).items[0].caption == "hat\r\nscarf\r\n"


def test_another_caption_extension(tmp_path):
    write_image(tmp_path / "a.png")
    (tmp_path / "a.caption").write_text("hat")
    assert read_dataset(tmp_path, caption_extension=".caption").items[0].caption == "hat"
    with pytest.raises(BadFile, match=r"no \.txt captions here") as error:
        read_dataset(tmp_path)
    assert error.value.next_step == "read those: --caption-extension .caption"


@pytest.mark.parametrize("name", ["nowhere", "file.txt"])
def test_no_folder_is_an_error_that_names_it(tmp_path, name):
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(MissingFile, match=name):
        read_dataset(tmp_path / name)


def test_a_folder_without_images_is_an_error(tmp_path):
    (tmp_path / "a.txt").write_text("hat")
    with pytest.raises(BadFile, match="no images here"):
        read_dataset(tmp_path)


def test_a_folder_whose_images_lie_one_deeper_is_an_error_that_names_the_inner_one(tmp_path):
    (tmp_path / "10_cat").mkdir()
    write_image(tmp_path / "10_cat/a.png")
    with pytest.raises(BadFile, match="no images here") as caught:
        read_dataset(tmp_path)
    assert str(tmp_path / "10_cat") in caught.value.next_step


def test_links_that_lead_in_a_circle_are_told_and_the_rest_is_read(tmp_path):
    write_image(tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "b.png")
    (tmp_path / "a.txt").symlink_to(tmp_path / "a.txt")
    reading = read_folder(tmp_path)
    assert set(reading.problems) == {"b.png", "a.txt"}
    assert len(reading.dataset.items) == 2


def test_a_folder_that_links_to_itself_is_an_error(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(MissingFile):
        read_dataset(tmp_path / "loop")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_an_error(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    with pytest.raises(MissingFile, match="cannot be read"):
        read_dataset(closed)


def test_a_huge_caption_is_not_read_whole(tmp_path):
    write_image(tmp_path / "a.png")
    (tmp_path / "a.txt").write_bytes(b"x" * 1_000_001)
    assert "not a caption" in read_folder(tmp_path).problems["a.txt"]


def test_pipes_and_devices_are_told_and_never_opened(tmp_path):
    """Reading them would never end, or never begin."""
    write_image(tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "c.png")
    os.mkfifo(tmp_path / "a.txt")
    reading = read_folder(tmp_path)
    assert set(reading.problems) == {"b.png", "c.png", "a.txt"}


def test_a_dataset_to_train_on_has_no_unreadable_file(tmp_path):
    """An unreadable caption must not pass for an empty one."""
    write_image(tmp_path / "a.png")
    (tmp_path / "a.txt").write_bytes(b"x" * 1_000_001)
    with pytest.raises(BadFile, match=r"not a caption.*a\.txt"):
        read_dataset(tmp_path)


@pytest.mark.parametrize("extension", ["../../x", "", ".", "txt", ".png"])
def test_captions_are_read_from_caption_files_only(tmp_path, extension):
    write_image(tmp_path / "a.png")
    with pytest.raises(BadParameter, match="captions cannot be read from"):
        read_dataset(tmp_path, caption_extension=extension)
