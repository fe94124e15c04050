from __future__ import annotations

import hashlib

import pytest

from lorascope.errors import MissingFile, NotFound
from lorascope.store.blobs import Blobs


@pytest.fixture
def blobs(tmp_path):
    return Blobs(tmp_path / "blobs")


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_bytes_and_files_come_back_under_the_digest_of_their_content(blobs, tmp_path):
    (tmp_path / "picture.png").write_bytes(b"pixels" * 300_000)
    digest = blobs.put(tmp_path / "picture.png")
    assert digest == hashlib.blake2b(b"pixels" * 300_000, digest_size=16).hexdigest()
    assert blobs.path(digest).read_bytes() == b"pixels" * 300_000
    assert blobs.path(digest) == blobs.folder / digest[:2] / digest[2:]


def test_the_same_bytes_are_stored_once(blobs):
    assert blobs.put(b"pixels") == blobs.put(b"pixels")
    assert len(files_in(blobs.folder)) == 1


def test_a_half_written_file_is_replaced(blobs):
    digest = blobs.put(b"pixels")
    blobs.path(digest).write_bytes(b"pix")
    assert blobs.damaged() == [digest]
    blobs.put(b"pixels")
    assert blobs.damaged() == []


def test_what_is_not_stored_is_not_found(blobs):
    blobs.put(b"pixels")
    for digest in ("0" * 32, "", "../../etc/passwd", "AB" * 16):
        with pytest.raises(NotFound):
            blobs.path(digest)


def test_a_file_that_is_not_there_cannot_be_put(blobs, tmp_path):
    with pytest.raises(MissingFile, match="nowhere"):
        blobs.put(tmp_path / "nowhere.png")
