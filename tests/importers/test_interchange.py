"""Our JSON Lines: what is read, what is kept, what is refused, and where the fault is said to be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lorascope.errors import BadFile, OperationFailed
from lorascope.importers.interchange import read_lines
from lorascope.importers.interchange_format import KINDS, SCORE, line, unlisted_fields
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score

HEADER = '{"type": "lorascope", "format": 1}'
RUN = '{"type": "run", "name": "first"}'
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "interchange.md"


def read(*lines, header=HEADER):
    """The parts of a file of these lines, after the header."""
    text = "\n".join([header, *lines]) if header else "\n".join(lines)
    return list(read_lines(text.encode("utf-8", "surrogatepass").splitlines(keepends=True), "runs.jsonl"))


def score(**keys):
    return json.dumps({"type": "score", "run": "first", "epoch": 1, "prompt": "p", "metric": "m", "value": 1.5} | keys)


def test_a_run_needs_nothing_but_its_name():
    (part,) = read(RUN)
    assert part.runs == (Run("first", "unknown", RunStatus.IMPORTED),)


def test_unknown_keys_are_kept_with_the_record_also_when_null():
    (part,) = read('{"type": "run", "name": "first", "gpu": null, "notes": {"a": [1, 2.0]}}')
    assert part.runs[0].extra == {"gpu": None, "notes": {"a": [1, 2.0]}}


def test_unknown_records_are_kept_whole_and_counted_when_they_repeat():
    weights = '{"type": "weights", "run": "first", "norm": 1.0}'
    (part,) = read(weights, weights, '{"norm": 1.0, "run": "first", "type": "weights"}')
    assert part.foreign == tuple(({"type": "weights", "run": "first", "norm": 1.0}, copy) for copy in (0, 1, 2))


def test_whole_numbers_and_decimals_stay_what_they_are():
    (part,) = read('{"type": "run", "name": "a", "parameters": {"i": 1, "f": 1.0, "b": true, "big": 12345678901234567890123}}')
    assert [type(value) for value in part.runs[0].parameters.values()] == [int, float, bool, int]


def test_scores_without_a_seed_are_separate_images():
    (part,) = read(RUN, score(value=1), score(seed=None, value=2), score(metric="other"), score(seed=5), score(seed=None, draw=7))
    assert [(each.seed, each.draw) for each in part.scores] == [(None, 0), (None, 1), (None, 0), (5, 0), (None, 7)]


def test_what_a_file_says_of_runs_it_does_not_define_is_noted_with_the_place():
    (part,) = read(score(run="elsewhere"), score(run="elsewhere"), RUN, score())
    assert part.needs == (("elsewhere", "runs.jsonl:2"),)


def test_long_files_come_in_parts():
    parts = read(RUN, *(score(seed=seed) for seed in range(12_000)))
    assert len(parts) == 3
    assert sum(len(part.scores) for part in parts) == 12_000


def test_blank_lines_windows_line_ends_and_a_byte_order_mark_do_no_harm():
    lines = [b"\xef\xbb\xbf" + HEADER.encode() + b"\r\n", b"\r\n", RUN.encode() + b"\r\n", b"  "]
    (part,) = read_lines(lines, "runs.jsonl")
    assert part.runs[0].name == "first"


def test_files_put_together_may_repeat_header_and_equal_runs():
    (part,) = read(RUN, HEADER, RUN)
    assert [run.name for run in part.runs] == ["first", "first"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ('{"type": "score", "run": "a"}', "key 'epoch' is missing"),
        ('{"type": "run"}', "key 'name' is missing"),
        ('{"type": "run", "name": ""}', 'name = "": must not be empty'),
        ('{"type": "run", "name": null}', "name = null: must be text"),
        ('{"type": "run", "name": "a", "status": "done"}', 'status = "done": must be one of running, finished'),
        ('{"type": "run", "name": "a", "parameters": {"x": [1]}}', "must be flat; 'x' holds a list"),
        ('{"type": "run", "name": "a", "parameters": 5}', "must be an object"),
        ('{"type": "run", "name": "a", "outcome": {"x": "9"}}', "must hold numbers or null"),
        ('{"type": "run", "name": "a\\ud800"}', "must be valid Unicode"),
        ('{"type": "run", "name": "a", "name": "b"}', "'name' stands twice"),
        (score(epoch=1.5), "epoch = 1.5: must be a whole number"),
        (score(epoch=True), "epoch = true: must be a whole number"),
        (score(seed=2**64), "must lie within 64 bits"),
        (score(draw=-1), "must not be negative"),
        (score(value="high"), 'value = "high": must be a number'),
        (score(value=2**53 + 1), "more digits than can be stored"),
        ('{"type": "score", "run": "a", "epoch": 1, "prompt": "p", "metric": "m", "value": NaN}', "NaN is not a number"),
        ('{"type": "loss", "run": "a", "value": -Infinity}', "-Infinity is not a number"),
        ('{"type": "loss", "run": "a", "value": 1e999}', "1e999 is too large"),
        ('{"type": "prompt", "suite": "s", "name": "p", "text": "t"}', "no suite of this name"),
        ('{"type": "dataset", "name": "d", "digest": "x", "items": [{"image_file": "a"}]}', "needs exactly the keys"),
        ("{", "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[1]", "must be an object"),
        ('{"name": "a"}', "key 'type' is missing"),
        ('{"type": "lorascope", "format": 2}', "newer lorascope"),
        ('{"type": "lorascope", "format": "1"}', 'format = "1": must be 1'),
    ],
)
def test_a_wrong_line_is_refused_with_its_number_and_key(wrong, message):
    with pytest.raises(BadFile) as caught:
        read('{"type": "run", "name": "good"}', wrong)
    assert message in str(caught.value)
    assert caught.value.where == "runs.jsonl:3"


def test_text_that_is_not_utf_8_is_refused_with_its_place():
    with pytest.raises(BadFile, match=r"not UTF-8 \(byte 29 of the line\) \(runs\.jsonl:2\)"):
        list(read_lines([HEADER.encode(), '{"type": "run", "name": "caf\xe9"}'.encode("cp1252")], "runs.jsonl"))


def test_a_suite_or_run_defined_twice_is_refused():
    with pytest.raises(BadFile, match="twice, differently; first in line 2"):
        read(RUN, '{"type": "run", "name": "first", "parameters": {"seed": 1}}')
    with pytest.raises(BadFile, match="twice, first in line 2"):
        read('{"type": "suite", "name": "s"}', '{"type": "suite", "name": "s"}')


def test_items_that_do_not_have_the_digest_they_should_are_refused():
    item = {"image_file": "a.png", "image_digest": "00", "caption_file": None, "caption": None}
    with pytest.raises(BadFile, match="not the digest of the items"):
        read(json.dumps({"type": "dataset", "name": "d", "digest": "00", "items": [item]}))


def test_the_first_line_must_be_the_header():
    with pytest.raises(BadFile, match="the first line must be"):
        read(RUN, header=None)
    with pytest.raises(BadFile, match="empty"):
        read(header=None)


def test_an_extra_value_under_a_key_of_the_format_is_a_fault_of_ours():
    with pytest.raises(OperationFailed, match="'value'"):
        line(SCORE, Score("r", 1, "p", 1, "m", 1.0, extra={"value": 2}))


def test_every_field_of_every_record_is_carried():
    assert unlisted_fields() == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_every_record_and_key_is_documented(kind):
    sections = REFERENCE.read_text("utf-8").split("\n## ")
    (section,) = [section for section in sections if section.startswith(f"`{kind.type}`")]
    documented = [row.split("|")[1].strip().strip("`") for row in section.splitlines() if row.startswith("| `")]
    assert documented == [key.name for key in kind.keys]
    for key in kind.keys:
        row = next(row for row in section.splitlines() if row.startswith(f"| `{key.name}` "))
        shown = "required" if key.required else f"default {json.dumps(key.default)}"
        assert row.split("|")[2].strip() == shown


def test_a_score_that_could_not_be_squared_is_refused():
    score = '{"type": "score", "run": "first", "epoch": 1, "prompt": "p", "seed": 1, "metric": "m", "value": 1e101}'
    with pytest.raises(BadFile, match=r"value = 1e\+101: must lie within 1e\+100 of zero"):
        list(read_lines([b'{"type": "lorascope", "format": 1}', b'{"type": "run", "name": "first"}', score.encode()], "runs.jsonl"))
