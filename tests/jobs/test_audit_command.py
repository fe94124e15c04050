"""``lorascope audit``: the table, the JSON, exit codes, and bad input."""

from __future__ import annotations

import json
import os
import sys

import pytest
from click.testing import CliRunner
from PIL import Image

from lorascope.captions.checks import CHECKS
from lorascope.cli.captions import audit_command
from lorascope.cli.clean import clean_command
from lorascope.cli.main import main
from lorascope.errors import MissingFile
from lorascope.jobs.audit import audit


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "set"
    place.mkdir()
    for name, caption in (("1", "bespoke, green background"), ("2", "bespoke, red background"), ("3", None)):
        picture = Image.new("RGB", (24, 24), (200, 30, 40))
        picture.paste((10, 20, 30), (6, 4 * int(name), 12, 4 * int(name) + 4))  # what each shows is another thing
        picture.save(place / f"{name}.png")
        if caption:
            (place / f"{name}.txt").write_text(caption + "\n")
    return place


def run(*arguments):
    return CliRunner().invoke(audit_command, [str(argument) for argument in arguments], catch_exceptions=False)


def test_the_table_counts_and_the_findings_point(folder):
    outcome = run(folder)
    assert outcome.exit_code == 0
    assert "3 images, 2 captions" in outcome.output
    assert "background_word_contradicts_pixels" in outcome.output
    assert "bespoke, >green< background" in outcome.output
    assert max(len(line) for line in outcome.output.splitlines()) < 300


def test_json_has_the_agreed_keys(folder):
    answer = json.loads(run(folder, "--json").output)
    assert answer["format"] == 1
    assert answer["dataset"] | {"images": 3, "captions": 2} == answer["dataset"]
    assert set(answer["counts"]) == {check.name for check in CHECKS}
    wrong, missing = answer["findings"]
    assert wrong["check"] == "background_word_contradicts_pixels"
    assert (wrong["file"], wrong["severity"], wrong["spans"], wrong["fix"]) == ("1.txt", "error", [[9, 14]], "ask")
    assert (missing["check"], missing["file"], missing["spans"], missing["fix"]) == ("missing_or_empty_caption", "3.png", [], "none")


def test_strict_fails_on_errors_only(folder):
    assert run(folder, "--strict").exit_code == 1
    (folder / "1.txt").write_text("bespoke, hat, red background")
    (folder / "3.png").unlink()
    assert run(folder, "--strict").exit_code == 0
    assert "nothing found" in run(folder).output


def test_strict_reaches_the_shell(folder, monkeypatch):
    """Through the real entry point: a test runner alone would not notice a lost exit code."""
    monkeypatch.setattr(sys, "argv", ["lorascope", "audit", str(folder), "--strict"])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 1


def test_max_limits_what_is_shown_and_says_so(folder):
    output = run(folder, "--max", 1).output
    assert "1 more finding" in output


def test_a_larger_window_reads_more(folder):
    (folder / "1.txt").write_text("bespoke, " + ", ".join(["small gray cat"] * 25))
    assert json.loads(run(folder, "--json").output)["counts"]["beyond_window"] == 1
    assert json.loads(run(folder, "--json", "--window", 150).output)["counts"]["beyond_window"] == 0


def test_one_bad_image_is_a_finding_and_the_audit_goes_on(folder):
    (folder / "2.png").write_bytes(b"no image")
    findings = audit(folder).findings
    assert [(finding.check, finding.file) for finding in findings] == [
        ("background_word_contradicts_pixels", "1.txt"),
        ("unreadable_image", "2.txt"),
        ("missing_or_empty_caption", "3.png"),
    ]


def test_a_zero_byte_and_another_encoding_are_findings(folder):
    (folder / "1.txt").write_bytes(b"bespoke\0, red background")
    (folder / "2.txt").write_bytes("bespoke, caf\u00e9, red background".encode("cp1252"))
    found = {finding.file: (finding.severity, finding.fix) for finding in audit(folder).findings if finding.check == "encoding"}
    assert found == {"1.txt": ("error", "none"), "2.txt": ("warning", "safe")}


def test_an_unknown_folder_is_the_users_mistake(tmp_path):
    with pytest.raises(MissingFile, match="no such folder"):
        run(tmp_path / "nowhere")


def test_enlarged_sprites_are_seen_as_well(folder):
    Image.new("RGB", (576, 576), (48, 88, 214)).save(folder / "2.png")
    assert any(finding.file == "2.txt" and "is blue" in finding.message for finding in audit(folder).findings)


def test_nothing_is_said_of_a_background_that_is_not_one_color(folder):
    picture = Image.linear_gradient("L").resize((24, 24)).convert("RGB")
    picture.save(folder / "1.png")
    assert not any(finding.file == "1.txt" for finding in audit(folder).findings)


def test_control_signs_in_file_names_do_not_reach_the_terminal(folder):
    name = "new\nline\x1b[31m\u202e"
    Image.new("RGB", (24, 24), (200, 30, 40)).save(folder / f"{name}.png")
    (folder / f"{name}.txt").write_text("bespoke, green background")
    assert "new\\x0aline\\x1b[31m\\u202e.txt" in run(folder).output
    cleaned = CliRunner().invoke(clean_command, [str(folder), "--all", "--dry-run"], catch_exceptions=False)
    assert "new\\x0aline\\x1b[31m\\u202e.txt\n    bespoke, [-green-]" in cleaned.output


def test_an_endless_caption_is_shown_in_part(folder):
    (folder / "1.txt").write_text("red " * 10_000)
    (folder / "2.txt").write_text(", ".join(f"#{number:06x}" for number in range(10_000)))
    output = run(folder).output
    assert "10000 tokens" in output
    assert max(len(line) for line in output.splitlines()) < 1200


def test_an_audit_with_pipes_in_the_folder_ends(folder):
    os.mkfifo(folder / "4.png")
    finding = next(finding for finding in audit(folder).findings if finding.file == "4.png")
    assert "pipe" in finding.message


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_json_gives_the_place_of_a_finding_in_the_bytes_of_its_file(folder, codec):
    (folder / "1.txt").write_bytes("café à la carte, green background".encode(codec))
    answer = json.loads(run(folder, "--json").output)
    finding = next(one for one in answer["findings"] if one["check"] == "background_word_contradicts_pixels" and one["file"] == "1.txt")
    ((start, end),) = finding["byte_spans"]
    codec_inside = {"utf-8-sig": "utf-8", "utf-16": f"utf-16-{sys.byteorder[0]}e"}.get(codec, codec)
    assert (folder / "1.txt").read_bytes()[start:end].decode(codec_inside) == "green"
