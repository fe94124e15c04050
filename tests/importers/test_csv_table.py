"""Tables: which kind each is, what its cells mean, and where the fault is said to be."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascope.errors import BadFile, UserError
from lorascope.importers.csv_table import CSV_TABLE
from lorascope.importers.importer import HEAD_BYTES
from lorascope.jobs.import_runs import import_runs
from lorascope.records.measurement import Measurement
from lorascope.records.run import RunStatus
from lorascope.records.sample import Score
from lorascope.store import Store


@pytest.fixture
def table(tmp_path):
    """Write a table and give its path."""

    def write(text, name="table.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def known(path):
    return CSV_TABLE.recognizes(path.read_bytes()[:HEAD_BYTES], path)


def read(path):
    """All parts of a table as one."""
    assert known(path)
    parts = list(CSV_TABLE.read(path))
    return {
        noun: [each for part in parts for each in getattr(part, noun)]
        for noun in ("runs", "scores", "measurements", "series", "evidence", "needs", "notes")
    }


def test_a_table_of_runs_has_parameters_outcomes_and_what_else_it_says(table):
    found = read(
        table(
            "name,rank,Network Alpha,lr,optimizer,image_resolution,flip_aug,score,outcome:style,parameter:my_own,gpu,status\n"
            "a,32,16,1e-4,adamw8bit,512x512,yes,9/10,0.5,7,A4000,done\n"
            "b,64,,,,,,,n/a,,,weird\n"
        )
    )
    first, second = found["runs"]
    assert first.parameters == {
        "network_dim": 32,
        "network_alpha": 16.0,
        "learning_rate": 1e-4,
        "optimizer_type": "AdamW8bit",
        "resolution": "512,512",
        "flip_aug": True,
        "my_own": 7,
    }
    assert first.outcome == {"score": 9.0, "style": 0.5}
    assert (first.status, first.extra) == (RunStatus.FINISHED, {"score_is_out_of": 10, "gpu": "A4000"})
    assert second.parameters == {"network_dim": 64}
    assert second.outcome == {"style": None}
    assert (second.status, second.extra) == (RunStatus.IMPORTED, {"status_in_table": "weird"})
    assert "kept beside the parameters: 'gpu'" in found["notes"][0]


def test_a_table_of_scores_may_have_a_column_for_each_metric(table):
    found = read(table("run,epoch,prompt,seed,unique_colors,likeness,comment\nfirst,1,green,7,314,0.5,blurry\nfirst,2,green,7,200,,\n"))
    assert found["scores"] == [
        Score("first", 1, "green", 7, "unique_colors", 314.0, extra={"comment": "blurry"}),
        Score("first", 1, "green", 7, "likeness", 0.5, extra={"comment": "blurry"}),
        Score("first", 2, "green", 7, "unique_colors", 200.0),
    ]
    assert found["needs"][0][0] == "first"
    assert found["needs"][0][1].endswith("table.csv:2")


def test_a_table_of_scores_may_name_the_metric_and_the_value(table):
    found = read(
        table(
            "epoch;prompt;metric;value;reason\n1;green;likeness;0,5;\n1;green;likeness;n/a;black image\n1;green;likeness;;\n", "first.csv"
        )
    )
    assert found["scores"] == [
        Score("first", 1, "green", None, "likeness", 0.5, draw=0),
        Score("first", 1, "green", None, "likeness", None, "black image", draw=1),
    ]
    assert "1 numbers have a decimal comma" in found["notes"][0]


def test_a_table_of_epochs_becomes_measurements(table):
    found = read(table("run\tepoch\tunique_colors\timages\tnote\nfirst\t1\t323.9\t7\tbaseline\n", "epochs.tsv"))
    assert found["measurements"] == [Measurement("first", 1, "unique_colors", "", 323.9, None, None, 0, 7, extra={"note": "baseline"})]
    assert found["notes"] == []
    assert "how many images" in read(table("run,epoch,m\na,1,2\n"))["notes"][0]


def test_a_table_of_steps_becomes_series_in_which_nan_is_a_fact(table):
    found = read(table("run,step,loss,lr,wall_time\na,1,0.5,1e-4,10\na,2,nan,1e-4,11\na,3,,1e-4,12\n"))
    loss, rate = found["series"]
    assert (loss.metric, loss.steps, loss.times) == ("loss", (1, 2), (10.0, 11.0))
    assert math.isnan(loss.values[1])
    assert rate.steps == (1, 2, 3)


def test_what_tensorboard_exports_is_evidence_named_by_its_file(table):
    path = table("Wall time,Step,Value\n1700000000.5,1,0.25\n", "loss_average.csv")
    (evidence,) = read(path)["evidence"]
    assert evidence.folder == path.parent
    assert [(series.metric, series.values) for series in evidence.series] == [("loss_average", (0.25,))]


@pytest.mark.parametrize(
    "columns", ["a,b", "epoch,prompt", "epoch", "name,color", "prompt,seed,unique_colors", "1girl, solo, smile", '"', ""]
)
def test_other_tables_are_not_recognized(table, columns):
    assert not known(table(f"{columns}\n1,2,3\n"))


def test_captions_with_commas_in_them_are_not_tables(table):
    assert not known(table("name, rank, network_alpha, score\n", "caption.txt"))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("name,rank,alpha\na,many,16\n", 2, "column 'rank': 'many' cannot be: network_dim"),
        ("name,rank,alpha\na,32,16\n\na,64,16\n", 4, "is the name of a run above already"),
        ("name,rank,alpha\n,32,16\n", 2, "every run needs a name"),
        ("name,rank,network_dim\na,32,16\n", 1, "'rank' and 'network_dim' are the same parameter"),
        ("name,rank,score,score\na,32,1,2\n", 1, "two columns are called 'score'"),
        ("name,rank,score\na,32,85%\n", 2, "column 'score': '85%' is a percentage"),
        ("name,rank,score\na,32,good\n", 2, "column 'score': 'good' is not a number"),
        ('name,rank,score\na,32,"1,500"\n', 2, "has a comma: write 1.5 or 1500"),
        ("name;rank;score\na;32;1,5\nb;32;1.5\n", 3, "in which both 1.5 and 1,5 stand"),
        ("name,rank,score\na,32,1e999\n", 2, "is too large a number"),
        ("run,epoch,prompt,m\na,one,p,1\n", 2, "column 'epoch': 'one' is not a number"),
        ("run,epoch,prompt,m\na,1.5,p,1\n", 2, "column 'epoch': '1.5' is not a whole number"),
        ("run,epoch,prompt,m\na,-1,p,1\n", 2, "is not the number of an epoch"),
        ("run,epoch,prompt,m\n,1,p,1\n", 2, "every row must name its run"),
        ("run,epoch,prompt,seed,m\na,1,p,99999999999999999999,1\n", 2, "does not fit into 64 bits"),
        ("run,epoch,prompt,seed,m\na,1,p,7,1\na,1,p,7,2\n", 3, "is a second number for the same thing"),
        ("run,epoch,prompt,m\na,1,p,1e101\n", 2, "must lie within 1e+100 of zero"),
        ("run,epoch,prompt,m\na,1,p,1\na,1,p,high\n", 3, "column 'm': 'high' is not a number"),
        ("run,epoch,prompt,m\na,1,p,1,2,3\n", 2, "has 6 cells, the header 4"),
        ('run,epoch,prompt,m\na,1,"p,1\n', 2, "cannot be read as a table"),
        ('run,epoch,prompt,m,"two\nlines"\na,1,p,1,\n', 2, "the names of the columns must stand in one line"),
    ],
)
def test_a_wrong_cell_is_refused_with_line_and_column(table, text, line, message):
    path = table(text)
    with pytest.raises(BadFile) as caught:
        list(CSV_TABLE.read(path))
    assert message in caught.value.message
    assert caught.value.where == f"{path}:{line}"


def test_quotes_blanks_windows_line_ends_and_a_byte_order_mark_do_no_harm(table):
    path = table('\ufeffname,rank,score,"what, else"\r\n"a ""b""",32,,"two\r\nlines"\r\n\r\n  c  ,  8  ,1,\r\n')
    first, second = read(path)["runs"]
    assert (first.name, first.extra, first.outcome) == ('a "b"', {"what, else": "two\r\nlines"}, {})
    assert (second.name, second.parameters) == ("c", {"network_dim": 8})


def test_a_formula_is_a_text_like_any_other(table):
    (run,) = read(table('name,rank,score,note\n=cmd|\' /C calc\'!A0,8,1,"=HYPERLINK(""http://x"")"\n'))["runs"]
    assert (run.name, run.extra) == ("=cmd|' /C calc'!A0", {"note": '=HYPERLINK("http://x")'})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name,rank,score\ncaf\xe9,8,1\n".encode("cp1252"), "is not UTF-8 text (byte 4 of the line)"),
        ("name,rank,score\na,8,1\n".encode("utf-16"), "is UTF-16 text"),
        (b"name,rank,score\na\0,8,1\n", "holds a zero byte"),
    ],
)
def test_another_encoding_is_refused_with_what_to_do(table, content, message):
    path = table(content)
    assert known(path)
    with pytest.raises(BadFile) as caught:
        list(CSV_TABLE.read(path))
    assert message in caught.value.message
    assert "CSV UTF-8" in caught.value.next_step


def test_a_cell_without_an_end_is_refused_before_it_fills_the_memory(table):
    for text in ("x" * 200_000, "x" * 2_000_000, "x\n" * 200_000):
        with pytest.raises(BadFile, match=r"cannot be read as a table|is longer than"):
            list(CSV_TABLE.read(table(f'name,rank,score\n"{text}')))


@given(st.text(max_size=200), st.sampled_from(["name,rank,score\n", "run,epoch,prompt,seed,m\n", "run,epoch,m\n", "run;step;m\n"]))
def test_any_text_is_read_or_refused_in_our_words(tmp_path_factory, text, header):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes((header + text).encode("utf-8", "surrogatepass"))
    where = str(path)
    try:
        list(CSV_TABLE.read(path))
    except UserError as error:
        where = error.where
    assert str(path) in where


def test_runs_and_their_scores_come_in_together_and_again_without_change(table, tmp_path):
    runs = table("name,rank,alpha\nfirst,32,16\n", "runs.csv")
    scores = table("run,epoch,prompt,unique_colors\nfirst,1,green,314\nfirst,1,green,315\n", "scores.csv")
    with Store.open("sqlite://", tmp_path) as store:
        with pytest.raises(BadFile, match="no such run"):
            import_runs([scores], store)
        import_runs([runs, scores], store)
        assert [score.value for score in store.scores("first")] == [314.0, 315.0]
        assert not any(import_runs([runs, scores], store).changed.values())


def test_sql_in_cells_is_only_text(table, tmp_path):
    name = "'; DROP TABLE training_runs; --"
    with Store.open("sqlite://", tmp_path) as store:
        import_runs([table(f'name,rank,score\n"{name}",8,1\n')], store)
        assert store.run(name).parameters == {"network_dim": 8}
