"""A batch in, a batch out: every row answered, whatever is in it, and the same however the rows are cut."""

import io

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from lorascope.captions.audit import audit_entry
from lorascope.captions.check import Entry, Surroundings
from lorascope.captions.checks import CHECKS
from lorascope.captions.clauses import read_caption
from lorascope.captions.encoding import decode
from lorascope.captions.sight import see
from lorascope.errors import BadParameter
from lorascope.evaluation.metrics import METRICS
from lorascope.jobs.measure_batch import NO_IMAGE, MeasureOptions, measure, output_schema
from lorascope.jobs.read_assets import demo_dataset, knowledge
from lorascope.jobs.read_pixels import load_pixels


def png(pixels, **options):
    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(file, "PNG", **options)
    return file.getvalue()


def batch(keys, images=None, captions=None, **more):
    columns = {"key": keys, **({} if images is None else {"image": pa.array(images, pa.binary())})}
    if captions is not None:
        columns["caption"] = pa.array(captions, pa.binary() if any(isinstance(text, bytes) for text in captions) else pa.string())
    return pa.RecordBatch.from_pydict(columns | more)


def rows(measured):
    return {row["key"]: row for row in measured.to_pylist()}


def checks(row):
    return [finding["check"] for finding in row["findings"]]


@pytest.fixture(scope="module")
def demo():
    pictures = sorted(demo_dataset().glob("*.png"))[:30]
    texts = [path.with_suffix(".txt").read_bytes() if path.with_suffix(".txt").exists() else None for path in pictures]
    return batch([path.name for path in pictures], [path.read_bytes() for path in pictures], texts)


def test_rows_are_equal_whatever_the_size_of_the_batches(demo):
    whole = measure(demo)
    for size in (1, 7, 30):
        parts = [measure(demo.slice(first, size)) for first in range(0, demo.num_rows, size)]
        assert pa.Table.from_batches(parts).equals(pa.Table.from_batches([whole]), check_metadata=True)


def test_findings_are_those_of_every_check_on_every_caption(demo):
    around = Surroundings(knowledge(), captions=0)
    for given, row in zip(demo.to_pylist(), measure(demo).to_pylist(), strict=True):
        text, encoding = decode(given["caption"]) if given["caption"] is not None else (None, None)
        entry = Entry(row["key"], row["key"], row["key"] if text is not None else None, read_caption(text) if text is not None else None)
        entry = Entry(*(getattr(entry, name) for name in ("file", "image_file", "caption_file", "caption")), encoding or entry.encoding)
        sight = see(load_pixels(io.BytesIO(given["image"])))
        entry = Entry(entry.file, entry.image_file, entry.caption_file, entry.caption, entry.encoding, sight)
        assert checks(row) == [finding.check for finding in audit_entry(entry, around)]


def test_the_schema_is_fixed_and_names_its_version(demo):
    empty = measure(batch([], [], []))
    assert empty.num_rows == 0
    assert measure(demo).schema.equals(output_schema(), check_metadata=True)
    assert empty.schema.equals(output_schema(), check_metadata=True)
    assert output_schema().metadata == {b"lorascope.measure": b"1"}
    assert {field.name for field in output_schema().field("metrics").type} == {metric.name for metric in METRICS}


def test_a_number_or_a_reason_stands_for_every_metric(demo):
    for row in measure(demo).to_pylist():
        assert all((row["metrics"][name] is None) == bool(row["reasons"][name]) for name in row["metrics"])
    assert rows(measure(demo))["0001.png"]["metrics"]["unique_colors"] > 1


BROKEN = {
    "not an image": b"GIF87a but no",
    "empty": b"",
    "cut off": png(np.arange(30 * 30 * 3).reshape(30, 30, 3) % 251)[:120],
    "huge": png(np.zeros((2, 2, 3))).replace((2).to_bytes(4, "big") * 2, (30_000).to_bytes(4, "big") * 2),
}


def test_what_cannot_be_read_is_a_row_that_says_why():
    good = png(np.full((24, 24, 3), (20, 200, 40)))
    found = rows(measure(batch([*BROKEN, "good"], [*BROKEN.values(), good], ["red hat"] * 5)))
    for name in BROKEN:
        assert found[name]["image_problem"]
        assert found[name]["width"] is None
        assert "unreadable_image" in checks(found[name])
    assert found["good"]["image_problem"] is None
    assert (found["good"]["background_kind"], found["good"]["background_color"]) == ("solid", "#14c828")


def test_captions_of_any_bytes_are_read_or_refused_with_a_reason():
    captions = [b"red hat\n", b"\xff\xfer\0e\0d\0", b"caf\xe9", b"\xef\xbb\xbfred", b"x" * 1_000_001, b"", None, b"\0\0"]
    found = [*measure(batch([str(n) for n in range(8)], None, captions)).to_pylist()]
    assert [row["tokens"] for row in found[:4]] == [2, 1, 1, 1]
    assert checks(found[0]) == []
    assert [checks(row) for row in found[1:4]] == [["encoding"]] * 3
    assert (found[4]["caption_problem"], found[4]["tokens"], found[4]["findings"]) == ("larger than 100 kB: not a caption", None, [])
    assert checks(found[5]) == checks(found[6]) == ["missing_or_empty_caption"]
    assert found[6]["tokens"] is None
    assert "encoding" in checks(found[7])


ODD_PICTURES = {
    "1 x 1": np.zeros((1, 1, 3)),
    "1 x 40": np.zeros((1, 40, 3)),
    "gray": np.full((40, 40), 90),
    "alpha": np.zeros((24, 24, 4)),
    "noise": np.random.default_rng(1).integers(0, 256, (130, 170, 3)),
}


@pytest.mark.parametrize("name", ODD_PICTURES)
def test_odd_pictures_are_measured(name):
    row = measure(batch(["a"], [png(ODD_PICTURES[name])], ["red hat"])).to_pylist()[0]
    height, width = np.shape(ODD_PICTURES[name])[:2]
    assert (row["width"], row["height"], row["image_problem"]) == (width, height, None)


def test_equal_cells_have_equal_digests_at_any_scale_and_pictures_without_a_grid_none():
    cells = np.random.default_rng(2).integers(0, 256, (24, 24, 3))
    large = np.repeat(np.repeat(cells, 8, axis=0), 8, axis=1)
    smooth = np.add.outer(np.arange(200), np.arange(200))[..., None].repeat(3, axis=2) // 2
    found = rows(measure(batch(["small", "large", "smooth"], [png(cells), png(large), png(smooth)])))
    assert found["small"]["native_digest"] == found["large"]["native_digest"]
    assert found["smooth"]["native_digest"] is None


def test_spans_cover_what_a_finding_marks():
    row = measure(batch(["a"], None, ["red hat, palette: #03dc73, #7e351a, smiling"])).to_pylist()[0]
    finding = next(finding for finding in row["findings"] if finding["check"] in {"palette_tail", "anonymous_codes"})
    assert (finding["start"], finding["end"], finding["severity"], finding["fix"]) == (9, 34, "warning", "safe")


def test_a_caption_without_an_image_and_a_readers_problem_are_told():
    problems = pa.array([NO_IMAGE, "changed while it was measured"])
    found = measure(batch(["a.txt", "b.png"], [None, None], ["red hat", "red hat"], image_problem=problems)).to_pylist()
    assert [checks(row) for row in found] == [["orphan_caption"], ["unreadable_image"]]
    assert [row["image_problem"] for row in found] == [NO_IMAGE, "changed while it was measured"]


def test_text_only_leaves_pictures_unread():
    row = measure(batch(["a"], [BROKEN["cut off"]], ["red hat"]), MeasureOptions(text_only=True)).to_pylist()[0]
    assert (row["image_problem"], row["width"], row["tokens"], row["findings"]) == (None, None, 2, [])


def test_the_input_is_left_as_it_was():
    given = batch(["a", "b"], None, ["red  hat", None])
    before = given.to_pylist()
    measure(given)
    assert given.to_pylist() == before


@pytest.mark.parametrize(
    "given",
    [
        pa.RecordBatch.from_pydict({"caption": ["a"]}),
        pa.RecordBatch.from_pydict({"key": [1]}),
        pa.RecordBatch.from_pydict({"key": ["a"], "image": ["text"]}),
        pa.RecordBatch.from_pydict({"key": ["a"], "caption": [3]}),
    ],
)
def test_a_batch_that_breaks_the_contract_is_refused(given):
    with pytest.raises(BadParameter):
        measure(given)


def test_every_check_of_single_captions_can_be_reported():
    assert {check.name for check in CHECKS if check.find} >= {"beyond_window", "encoding"}
