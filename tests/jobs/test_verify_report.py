"""A report is recomputed: what holds, what was edited, what the store no longer says, and what somebody added."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lorascope.cli.main import cli
from lorascope.errors import BadFile, MissingFile, NotFound
from lorascope.jobs.import_runs import import_runs
from lorascope.jobs.report import ReportRequest, write_report, written_anew
from lorascope.jobs.verify_report import answer, verify_report
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.reports.cited_text import pieces
from lorascope.reports.reference_block import BEGIN, check, open_block
from lorascope.settings import Settings
from lorascope.store import Store

METRIC = "beauty_error"  # lower is better, by its name


def fill(store):
    """A run and its parent, four checkpoints each, six prompts."""
    for number, name in enumerate(("first", "second")):
        parameters = {"network_dim": 16 * (number + 1), "learning_rate": 1e-4}
        store.add_run(
            Run(name, "kohya", RunStatus.FINISHED, parameters, parent="first" if number else None, started_at=1e9, finished_at=1e9 + 7200)
        )
        store.add_scores([
            Score(name, epoch, f"p{prompt}", 1, METRIC, 40.5 - 3.25 * epoch - 2 * number + 1.5 * ((7 * prompt + 3 * epoch) % 5))
            for epoch in (1, 2, 3, 4) for prompt in range(6)
        ])  # fmt: skip


@pytest.fixture
def store(tmp_path):
    lab = Settings.at(tmp_path / ".lorascope")
    lab.lab.mkdir()
    with Store.open(lab.store_url, lab.blobs) as opened:
        fill(opened)
        yield opened


@pytest.fixture
def report(store, tmp_path):
    return write_report(store, ReportRequest(("second",), tmp_path / "out"))


@functools.cache
def sealed(suffix):
    """One report per format, with the block of one written anew: what the property below needs, computed once."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        lab = Settings.at(Path(folder) / ".lorascope")
        lab.lab.mkdir()
        with Store.open(lab.store_url, lab.blobs) as store:
            fill(store)
            return written_anew(store, ReportRequest(("second",), Path(folder)), as_html=suffix == "html")


def edit(path, old, new, count=1):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), "utf-8")


@pytest.mark.parametrize("suffix", ["markdown", "html"])
@pytest.mark.parametrize("runs", [("second",), ("first", "second"), ()])
def test_a_report_that_nobody_touched_holds(store, tmp_path, runs, suffix):
    written = write_report(store, ReportRequest(runs, tmp_path / "out"))
    verified = verify_report(store, getattr(written, suffix))
    assert verified.holds, verified.found.doubts
    assert verified.found.hold == verified.found.numbers > 40
    assert not verified.found.reworded
    assert not verified.found.removed


@pytest.mark.parametrize("suffix", ["md", "html"])
def test_every_reference_in_the_text_leads_to_a_line_of_the_list(suffix):
    text = sealed(suffix)
    used = set(re.findall(r'\]\(#(r\d+)\)|href="#(r\d+)"', text))
    listed = set(re.findall(r'id="(r\d+)"', text))
    assert {name for pair in used for name in pair if name} == listed


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
@pytest.mark.parametrize("suffix", ["md", "html"])
def test_any_edited_digit_of_any_number_is_found(suffix, data):
    """Any digit that a reader sees, in a sentence, a row, a caption, a note or the list of references, turned into any other digit."""
    text = sealed(suffix)
    body, block = open_block(text, "here")
    places = shown_digits(body, suffix)
    at = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != body[at]]))
    edited = body[:at] + other + body[at + 1 :]
    assert check(edited, block, block).doubts, f"{body[at - 60 : at]}>>{body[at]}<<{body[at + 1 : at + 40]}"


def shown_digits(body, suffix):
    """Where the digits are that belong to a piece with a reference, and those of the list's explanations."""
    if suffix == "html":
        body = re.sub(r"<style.*?</style>|<svg.*?</svg>|<head>.*?</head>", lambda found: " " * len(found.group()), body, flags=re.DOTALL)
        body = re.sub(r"<[^>]*>", lambda found: " " * len(found.group()), body)
        body = re.sub(r"&#?\w+;", lambda found: " " * len(found.group()), body)
    found, offset = [], 0
    for line in body.split("\n"):
        if suffix == "html" or "](#r" in line:
            anchors = [range(hit.start(), hit.end()) for hit in re.finditer(r"\[r[\d.\w]+\]\(#r\d+\)|\br\d+(\.\w+)?\b", line)]
            digits = [hit.start() for hit in re.finditer(r"\d", line)]
            loose = suffix == "html" and not re.search(r"(?<![\w#.])\d", line)
            found += [offset + at for at in digits if not loose and not any(at in span for span in anchors)]
        offset += len(line) + 1
    return found


def test_an_edited_number_is_reported_with_both_values_and_its_place(store, report):
    line = next(line for line in report.markdown.read_text("utf-8").splitlines() if line.startswith("| 4 |"))
    mean = line.split("|")[2].strip()
    edit(report.markdown, line, line.replace(mean, "1.25"))
    verified = verify_report(store, report.markdown)
    (doubt,) = [doubt for doubt in verified.found.doubts if doubt.kind == "edited"]
    assert (doubt.written, doubt.expected) == (("1.25",), (mean,))
    assert doubt.reference.endswith(".4")
    assert report.markdown.read_text("utf-8").splitlines()[doubt.line - 1] == line.replace(mean, "1.25")


def test_what_the_store_says_otherwise_by_now_is_reported_as_changed_not_as_edited(store, report):
    store.add_scores([replace(score, value=(score.value or 0) + 4) for score in store.scores("second", METRIC) if score.epoch == 2])
    verified = verify_report(store, report.html)
    kinds = {doubt.kind for doubt in verified.found.doubts}
    assert "changed" in kinds
    assert "edited" not in kinds
    row = next(doubt for doubt in verified.found.doubts if doubt.text.startswith("2 ") and doubt.expected)
    assert row.written != row.expected


@pytest.mark.parametrize("suffix", ["markdown", "html"])
def test_words_of_the_list_of_references_are_no_numbers_that_changed(store, report, suffix):
    """A section that is gone or told otherwise is reported where it stands, not once more for "95 % interval" in the list."""
    store.add_scores([replace(score, metric="other_error", value=(score.value or 0) + 4) for score in store.scores("second", METRIC)])
    doubts = verify_report(store, getattr(report, suffix)).found.doubts
    assert any(doubt.kind == "changed" for doubt in doubts)
    assert not [doubt for doubt in doubts if re.match(r"r\d+ ", doubt.text)]


@pytest.mark.parametrize("suffix", ["md", "html"])
def test_a_line_forged_into_the_list_and_the_block_is_found(suffix):
    body, block = open_block(sealed(suffix), "here")
    line = "r998 all runs · 99 % better"
    forged = body.replace("</body>", f"<p>{line}</p></body>") if suffix == "html" else f"{body}\n{line}\n"
    source = {"key": "x", "about": "all runs · 99 % better"}
    digest = next(piece.digest for piece in pieces(forged) if piece.words == line)
    doctored = replace(block, sources={**block.sources, "r998": source}, plain=block.plain | {digest})
    assert check(forged, doctored, block).doubts


@pytest.mark.parametrize("sentence", ["This is 28 % better than before.", "Quality: 9/10.", "| 8 | 216.6 |"])
@pytest.mark.parametrize("suffix", ["markdown", "html"])
def test_a_number_that_somebody_added_is_found(store, report, suffix, sentence):
    path = getattr(report, suffix)
    added = f"\n\n{sentence}\n\n## The choice" if suffix == "markdown" else f'<p>{sentence}</p><h2 id="choice">'
    edit(path, "## The choice" if suffix == "markdown" else '<h2 id="choice">', added)
    (doubt,) = verify_report(store, path).found.doubts
    assert doubt.kind == "unreferenced"
    assert doubt.written


@pytest.mark.parametrize(
    "added", ["<p>It is < 99 % better ></p>", "<!-- --!>99 % better<!-- -->", "<head>99 % better</head>", "<p>It is <99 % worse></p>"]
)
def test_a_number_that_a_browser_shows_cannot_hide_in_what_looks_like_a_tag(store, report, added):
    edit(report.html, '<h2 id="choice">', f'{added}<h2 id="choice">')
    (doubt,) = verify_report(store, report.html).found.doubts
    assert (doubt.kind, doubt.written) == ("unreferenced", ("99",))


def test_words_may_be_added_and_sections_removed(store, report):
    text = report.markdown.read_text("utf-8")
    begin, end = text.index("## Curves"), text.index("## The choice")
    report.markdown.write_text(text[:begin] + "We took the last one, as planned with Anna.\n\n" + text[end:], "utf-8")
    verified = verify_report(store, report.markdown)
    assert verified.holds
    assert verified.found.removed


def test_reworded_lines_are_named_while_their_numbers_hold(store, report):
    edit(report.markdown, "paired over", "matched over")
    verified = verify_report(store, report.markdown)
    assert verified.holds
    assert len(verified.found.reworded) == 1


def test_a_number_changed_in_the_text_and_in_the_block_does_not_hold_either(store, report):
    text = report.markdown.read_text("utf-8")
    mean = next(line for line in text.splitlines() if line.startswith("| 4 |")).split("|")[2].strip()
    report.markdown.write_text(text.replace(mean, "1.25"), "utf-8")
    assert not verify_report(store, report.markdown).holds


def test_a_number_that_hides_behind_a_forged_reference_is_found(store, report):
    name = re.search(r'data-ref="(r\d+)"', report.html.read_text("utf-8")).group(1)
    edit(report.html, '<h2 id="choice">', f'<p>It is <a class="ref" href="#{name}" data-ref="{name}">99 %</a> better</p><h2 id="choice">')
    assert not verify_report(store, report.html).holds


def test_an_exchanged_picture_or_chart_is_found(store, report):
    edit(report.html, "<svg", "<svg data-x='1'")
    assert any("picture" in doubt.text for doubt in verify_report(store, report.html).found.doubts)


@pytest.mark.parametrize("added", ["<script>document.write('99')</script>", "<SCRIPT src=x></SCRIPT>", "<iframe srcdoc='99'></iframe>"])
def test_a_script_or_frame_that_somebody_added_is_found(store, report, added):
    edit(report.html, "</body>", f"{added}</body>")
    assert not verify_report(store, report.html).holds


def test_words_changed_together_with_their_digest_are_named(store, report):
    text = report.markdown.read_text("utf-8")
    changed = text.replace("paired over", "proven over", 1)
    before, after = ({piece.digest for piece in pieces(one)} for one in (text, changed))
    (old,), (new,) = before - after, after - before
    report.markdown.write_text(changed.replace(old, new), "utf-8")
    assert len(verify_report(store, report.markdown).found.reworded) == 1


def test_a_run_that_is_gone_is_an_error_that_says_so(report, tmp_path):
    lab = Settings.at(tmp_path / "empty")
    lab.lab.mkdir()
    with Store.open(lab.store_url, lab.blobs) as empty, pytest.raises(NotFound):
        verify_report(empty, report.markdown)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# A report of another kind: 28 % better",
        f"x {BEGIN}{{}} -->",
        f"x {BEGIN}[] -->",
        f"x {BEGIN}{'[' * 100_000} -->",
        f'x {BEGIN}{{"format":1,"request":3,"references":{{}},"pieces":[],"plain":[],"drawings":""}} -->',
        f'x {BEGIN}{{"format":1,"request":{{"runs":[1]}},"references":{{}},"pieces":[],"plain":[],"drawings":""}} -->',
        f'x {BEGIN}{{"format":1,"request":{{}},"references":{{}},"pieces":[["a"]],"plain":[],"drawings":""}} -->',
        f"x {BEGIN}" + '{"format":2} -->',
    ],
)
def test_a_file_without_our_references_is_refused(store, tmp_path, text):
    path = tmp_path / "hostile.md"
    path.write_text(text, "utf-8")
    with pytest.raises(BadFile):
        verify_report(store, path)


def test_a_missing_file_and_one_of_bytes_are_refused(store, tmp_path):
    with pytest.raises(MissingFile):
        verify_report(store, tmp_path / "none.md")
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadFile):
        verify_report(store, tmp_path / "bytes.md")


@pytest.mark.parametrize(
    "hostile", ["[r1](#r1)" * 20_000, "](" * 100_000, "<a " * 100_000, "<!--" * 100_000, "![" * 100_000, "1," * 200_000]
)
@pytest.mark.parametrize("begin", ["", "<!doctype html><body>"])
def test_hostile_text_is_taken_apart_in_bounded_time(hostile, begin):
    pieces(begin + hostile)


def test_the_command_exits_with_1_when_something_does_not_hold(store, report, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fine = CliRunner().invoke(cli, ["report", "--verify", "out/report.html"])
    assert (fine.exit_code, "every number is what the store says" in fine.stdout) == (0, True)
    with report.markdown.open("a", encoding="utf-8") as file:
        file.write("\n48 % better\n")
    found = CliRunner().invoke(cli, ["report", "--verify", "out/report.md", "--json"])
    assert found.exit_code == 1
    told = json.loads(found.stdout)
    assert (told["format"], told["holds"], len(told["unreferenced"])) == (1, False, 1)
    assert told == json.loads(json.dumps(answer(verify_report(store, report.markdown)))) | {"file": "out/report.md"}


def test_the_command_takes_a_file_or_runs_not_both(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli, ["report", "run", "--verify", "x.md"]).exit_code == 2


def test_a_report_of_the_published_case_holds_and_calls_nothing_best(tmp_path):
    lab = Settings.at(tmp_path / ".lorascope")
    lab.lab.mkdir()
    with Store.open(lab.store_url, lab.blobs) as store:
        import_runs([examples() / "caption_fix" / "caption_fix.jsonl", examples() / "history" / "history.jsonl"], store)
        written = write_report(store, ReportRequest(("caption_fix",), tmp_path / "out"))
        assert verify_report(store, written.markdown).holds
        text = written.markdown.read_text("utf-8")
    for heading in ("The course over checkpoints", "Why it came out", "Which settings matter", "Which checkpoint for which purpose",
                    "Next experiments", "Hypotheses that it touches", "Lessons, and what they rest on"):  # fmt: skip
        assert f"## {heading}" in text
    assert "is the best with" not in text.partition("## The experiment")[0]


def examples():
    from pathlib import Path

    return Path(__file__).resolve().parents[2] / "examples"
