"""``lorascope claims``: files of every kind get an answer, with and without a lab."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from lorascope.cli.claims import claims_command
from lorascope.errors import BadFile, MissingFile
from lorascope.jobs.check_claims import answer, check_claims
from lorascope.jobs.import_runs import import_runs
from lorascope.store import Store

ROOT = Path(__file__).resolve().parents[2]
WRONG = "The loss fell from 0.20 to 0.15, down 35%.\n"
RIGHT = "The loss fell from 0.20 to 0.15, down 25%.\n"
CAPTION_FIX = """# caption_fix

| Epoch | Avg colors |
|---|---|
| 5 | 238.9 |
| 6 | 313.6 |
| 7 | 296.0 |
| 8 | 206.6 |
| 9 | 277.9 |
| Final | 315.9 |
"""


def written(folder, text, name="report.md"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def run(folder, monkeypatch, *arguments):
    monkeypatch.chdir(folder)
    return CliRunner().invoke(claims_command, [str(argument) for argument in arguments])


def test_the_answer_has_the_fixed_keys(tmp_path):
    given = answer(check_claims([written(tmp_path, WRONG)], None))
    assert (given["format"], given["file"]) == (1, "report.md")
    (claim,) = given["claims"]
    assert {key: claim[key] for key in ("line", "text", "verdict", "flags")} == {
        "line": 1, "text": WRONG.strip(), "verdict": "inconsistent", "flags": []
    }  # fmt: skip
    assert "25 %" in claim["recomputed"]


def test_it_exits_with_1_when_something_is_inconsistent_and_0_otherwise(tmp_path, monkeypatch):
    wrong = run(tmp_path, monkeypatch, written(tmp_path, WRONG))
    assert wrong.exit_code == 1
    assert "INCONSISTENT (1)" in wrong.output
    right = run(tmp_path, monkeypatch, written(tmp_path, RIGHT), "--all")
    assert right.exit_code == 0
    assert "holds: 0.2 to 0.15 is" in right.output


def test_the_text_says_what_a_flag_means_and_what_to_do(tmp_path, monkeypatch):
    shown = run(tmp_path, monkeypatch, written(tmp_path, "The pattern is reproducible.\n")).output
    assert "[F17]" in shown
    assert "do: Train the same configuration once more" in shown
    assert max(map(len, shown.splitlines()[1:])) <= 120


def test_only_one_flag_is_shown_when_asked(tmp_path, monkeypatch):
    path = written(tmp_path, "The pattern is reproducible.\n\nQuality score: 9/10\n")
    shown = run(tmp_path, monkeypatch, path, "--flag", "f16").output
    assert "[F16]" in shown
    assert "[F17]" not in shown


def test_two_reports_are_read_together(tmp_path):
    first = written(tmp_path, "- ALWAYS use network_dim=32\n", "rules.md")
    second = written(tmp_path, "- Test network_dim=64, which might be better\n", "plan.md")
    claims = {claim.place.document: claim for claim in check_claims([first, second], None).claims}
    assert "F19" in claims["plan.md"].flags
    assert "rules.md line 1" in claims["plan.md"].recomputed


def test_the_same_store_and_file_give_the_same_bytes(tmp_path):
    path = written(tmp_path, CAPTION_FIX)
    with Store.open(f"sqlite:///{tmp_path / 'lab.db'}", tmp_path / "blobs") as store:
        import_runs([ROOT / "examples/caption_fix/caption_fix.jsonl"], store)
        assert json.dumps(answer(check_claims([path], store))) == json.dumps(answer(check_claims([path], store)))


def test_numbers_are_held_against_the_store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'lab.db'}", tmp_path / "blobs") as store:
        import_runs([ROOT / "examples/caption_fix/caption_fix.jsonl"], store)
        checked = check_claims([written(tmp_path, CAPTION_FIX)], store)
    by_line = {claim.place.line: claim for claim in checked.claims}
    assert by_line[8].verdict == "inconsistent"
    assert "is 216.6 in the records of caption_fix" in by_line[8].recomputed
    assert by_line[5].verdict == "consistent"
    assert checked.records == 2


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("", "is empty"),
        ("   \n\n", "is empty"),
        ("It went well.\n", "has no numbers"),
        ("We had 12 cats.\n", "none that can be recomputed"),
    ],
)
def test_a_report_with_nothing_to_check_is_told_so(tmp_path, text, note):
    checked = check_claims([written(tmp_path, text)], None)
    assert checked.claims == ()
    assert note in checked.notes[0]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x89PNG\r\n\x00\x01", "no text"),
        ("Größe 5 %".encode("latin-1"), "not UTF-8"),
        ("text".encode("utf-16"), "UTF-16"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(tmp_path, data, said):
    with pytest.raises(BadFile, match=said):
        check_claims([written(tmp_path, data)], None)


def test_a_missing_file_a_folder_and_a_repeated_file_are_refused(tmp_path):
    with pytest.raises(MissingFile):
        check_claims([tmp_path / "nothing.md"], None)
    with pytest.raises(BadFile, match="folder"):
        check_claims([tmp_path], None)
    path = written(tmp_path, RIGHT)
    with pytest.raises(BadFile, match="twice"):
        check_claims([path, path], None)


def test_a_byte_order_mark_and_foreign_line_ends_do_not_matter(tmp_path):
    path = written(tmp_path, b"\xef\xbb\xbf" + WRONG.replace("\n", "\r\n").encode())
    assert check_claims([path], None).claims[0].verdict == "inconsistent"


def test_control_signs_do_not_reach_the_terminal(tmp_path, monkeypatch):
    shown = run(tmp_path, monkeypatch, written(tmp_path, f"\x1b[31m\u202e{WRONG}")).output
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("report", sorted((ROOT / "tests/golden").glob("*.md")), ids=lambda path: path.name)
def test_our_own_reports_raise_no_false_alarm(report):
    checked = check_claims([report], None)
    assert [claim.place for claim in checked.claims if claim.flags or claim.verdict == "inconsistent"] == []


@pytest.mark.slow
def test_a_hundred_thousand_lines_are_answered(tmp_path):
    rows = "".join(f"| {at} | {(at * 7919) % 1000 / 1000:.3f} |\n" for at in range(50_000))
    items = "".join(f"- note {at}: error fell from {at + 10}.5 to {at + 5}.5\n" for at in range(50_000))
    begun = time.perf_counter()
    checked = check_claims([written(tmp_path, f"| Epoch | Loss |\n|---|---|\n{rows}\n{items}")], None)
    assert checked.counts["consistent"] == 50_000
    assert time.perf_counter() - begun < 120  # some 10 s on a machine that does nothing else
