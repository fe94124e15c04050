"""The header of a safetensors file: read without its tensors, and believed only when it is right."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from lorascope.errors import BadFile, MissingFile, UnfinishedFile, UserError
from lorascope.importers.safetensors_header import DTYPE_BITS, is_safetensors, read_header

TENSOR = {"dtype": "F16", "shape": [2, 3], "data_offsets": [0, 12]}


def write(path, header, data=b"\0" * 12, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + data)
    return path


@pytest.fixture
def file(tmp_path):
    return tmp_path / "a.safetensors"


def test_what_the_library_writes_is_read_as_the_library_reads_it(file):
    tensors = {"b": np.ones((2, 3), np.float16), "a": np.zeros(4, np.int64), "none": np.zeros((0, 5), np.float32)}
    save_file(tensors, file, metadata={"ss_steps": "3", "ü": "\u202e"})
    header = read_header(file)
    assert header.metadata == {"ss_steps": "3", "ü": "\u202e"}
    assert {name: tensor.shape for name, tensor in header.tensors.items()} == {name: array.shape for name, array in load_file(file).items()}
    assert header.data_start + max(tensor.end for tensor in header.tensors.values()) == header.file_bytes == file.stat().st_size


def test_a_file_without_metadata_or_tensors_is_read(file):
    assert read_header(write(file, {"x": TENSOR})).metadata == {}
    assert read_header(write(file, {}, b"")).tensors == {}


def test_a_header_longer_than_one_read_is_read_whole(file):
    header = read_header(write(file, {"__metadata__": {"k": "v" * 1_000_000}, "x": TENSOR}))
    assert len(header.metadata["k"]) == 1_000_000


def test_a_claim_of_a_terabyte_is_refused_before_anything_is_read(file):
    before = time.process_time()
    with pytest.raises(BadFile, match=r"1,099,511,627,776 bytes.*a\.safetensors"):
        read_header(write(file, {"x": TENSOR}, length=2**40))
    assert time.process_time() - before < 0.1


def test_a_file_cut_anywhere_is_unfinished_not_broken(file):
    whole = write(file, {"__metadata__": {"a": "b"}, "x": TENSOR}).read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(UnfinishedFile, match="still being written, or was cut off"):
            read_header(file)


def tensor(**changed):
    return {"x": {**TENSOR, **changed}}


TWINS = b'{"x": {"dtype": "F16", "shape": [0], "data_offsets": [0, 0]}, "x": {"dtype": "F16", "shape": [0], "data_offsets": [0, 0]}}'
HOSTILE = {
    "overlap": ({"x": TENSOR, "y": {**TENSOR, "data_offsets": [6, 18]}}, "overlaps"),
    "gap": ({"x": TENSOR, "y": {**TENSOR, "data_offsets": [14, 26]}}, "leaves a gap"),
    "the same bytes twice": ({"x": TENSOR, "y": TENSOR}, "overlaps"),
    "backwards": (tensor(data_offsets=[12, 0]), "do not hold"),
    "negative": (tensor(data_offsets=[-12, 0]), "do not hold"),
    "size": (tensor(dtype="F32"), "do not hold F32"),
    "dtype": (tensor(dtype="F17"), "dtype"),
    "dtype of no text": (tensor(dtype=["F16"]), "dtype"),
    "fraction": (tensor(shape=[2.0, 3]), "whole numbers"),
    "truth": (tensor(shape=[True, 6]), "not a length"),
    "huge side": (tensor(shape=[10**400, 0]), "not a length"),
    "many sides": (tensor(shape=[1] * 1000), "shape is not a list"),
    "no offsets": ({"x": {"dtype": "F16", "shape": [6]}}, "must have"),
    "tensor of no object": ({"x": 3}, "must have"),
    "metadata of numbers": ({"__metadata__": {"a": 1}, "x": TENSOR}, "not text"),
    "metadata of no object": ({"__metadata__": [], "x": TENSOR}, "not an object"),
    "twins": (TWINS, "'x' stands twice"),
    "twins in metadata": (b'{"__metadata__": {"a": "1", "a": "2"}}', "'a' stands twice"),
    "NaN": (b'{"x": NaN}', "whole numbers"),
    "deep": (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "nested too deeply"),
    "long number": (b'{"x": ' + b"9" * 5000 + b"}", "not valid JSON"),
    "not JSON": (b"{'x': 1}", "not valid JSON"),
    "not UTF-8": (b'{"\xff": 1}', "not valid JSON"),
    "list": (b"[]", "must begin with"),
}


@pytest.mark.parametrize(("header", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_header_that_lies_is_refused_with_the_file_and_the_place(file, header, message):
    with pytest.raises(BadFile, match=message) as caught:
        read_header(write(file, header, b"\0" * 26))
    assert caught.value.where == str(file)
    assert len(caught.value.message) < 400


def test_bytes_behind_the_last_tensor_are_refused(file):
    with pytest.raises(BadFile, match="5 bytes follow"):
        read_header(write(file, {"x": TENSOR}, b"\0" * 17))


def test_a_million_tensors_are_refused_without_making_them(file):
    text = b"{" + b",".join(b'"%d":{"dtype":"U8","shape":[],"data_offsets":[0,1]}' % number for number in range(1_000_000)) + b"}"
    write(file, text, b"")
    before = time.process_time()
    with pytest.raises(BadFile, match="more things"):
        read_header(file)
    assert time.process_time() - before < 0.5


def test_a_file_that_is_not_there_or_is_a_folder_is_said_so(tmp_path):
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(MissingFile):
            read_header(path)


def test_every_dtype_holds_what_its_bits_say(file):
    for dtype, bits in DTYPE_BITS.items():
        header = read_header(write(file, tensor(dtype=dtype, shape=[8], data_offsets=[0, bits]), b"\0" * bits))
        assert header.tensors["x"].end == bits


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 150), sign=st.integers(0, 255))
def test_a_file_with_one_byte_changed_is_read_or_refused_in_our_words(file, position, sign):
    whole = bytearray(
        write(file, {"__metadata__": {"a": "b"}, "x": TENSOR, "y": {**TENSOR, "data_offsets": [12, 24]}}, b"\0" * 24).read_bytes()
    )
    whole[position % len(whole)] = sign
    file.write_bytes(whole)
    try:
        header = read_header(file)
    except UserError as error:
        assert error.where == str(file)  # noqa: PT017 - both outcomes are right
    else:
        assert header.file_bytes == len(whole)


def test_other_files_are_not_taken_for_one():
    assert is_safetensors((50).to_bytes(8, "little") + b'{"')
    for head in (b"", b"{", b"PK\x03\x04" + b"\0" * 20, (2**40).to_bytes(8, "little") + b"{", b"\0" * 8 + b"{"):
        assert not is_safetensors(head)
