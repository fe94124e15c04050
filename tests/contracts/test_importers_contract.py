"""What every importer must do with the sample of its format, and with everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from lorascope.errors import UserError
from lorascope.importers import IMPORTERS
from lorascope.importers.importer import HEAD_BYTES
from lorascope.jobs.export_runs import export_runs
from lorascope.jobs.import_runs import import_runs
from lorascope.store import Store

SAMPLES = sorted((Path(__file__).parents[1] / "importers" / "samples").iterdir())
NOT_OURS = (b"", b"\n", b"\x00\x01\x02", b"\xff\xfe{", b"{}", b"[1]", b'{"type": "run"}', b"[" * HEAD_BYTES, b"epoch,prompt\n1,a\n")

PAIRS = [
    (importer, sample) for importer in IMPORTERS for sample in SAMPLES if importer.recognizes(sample.read_bytes()[:HEAD_BYTES], sample)
]


def test_every_importer_has_a_sample_and_no_sample_two_importers():
    assert {importer.name for importer, _ in PAIRS} == {importer.name for importer in IMPORTERS}
    assert sorted(sample for _, sample in PAIRS) == SAMPLES


@pytest.mark.parametrize("importer", IMPORTERS, ids=lambda importer: importer.name)
@pytest.mark.parametrize("head", NOT_OURS)
def test_what_is_not_its_format_is_not_recognized(importer, head):
    assert not importer.recognizes(head, Path("file"))


@pytest.mark.parametrize(("importer", "sample"), PAIRS)
def test_reading_twice_gives_the_same(importer, sample):
    assert list(importer.read(sample)) == list(importer.read(sample))


@pytest.mark.parametrize(("importer", "sample"), PAIRS)
def test_a_file_cut_anywhere_is_read_or_refused_in_our_words(importer, sample, tmp_path):
    whole, part = sample.read_bytes(), tmp_path / "part"
    for length in range(0, len(whole), 37):
        part.write_bytes(whole[:length])
        try:
            list(importer.read(part))
        except UserError as error:
            where = error.where
        else:
            where = str(part)
        assert str(part) in where


@pytest.mark.parametrize(("importer", "sample"), PAIRS)
def test_the_same_file_twice_changes_nothing(importer, sample, tmp_path):
    with Store.open("sqlite://", tmp_path) as store:
        summary = import_runs([sample], store)
        # what is only evidence (prompts, a state) tells of no run while it is alone
        assert any(summary.changed.values()) or summary.evidence, importer.name
        before = list(export_runs(store))
        assert not any(import_runs([sample], store).changed.values())
        assert list(export_runs(store)) == before
