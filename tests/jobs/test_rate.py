"""Blind ratings, from the pictures that are shown to the scores that pick uses, through a pipe as a person would type."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lorascope.cli.main import cli
from lorascope.errors import BadFile, BadParameter, NotFound
from lorascope.jobs.import_runs import import_runs
from lorascope.jobs.pick import pick
from lorascope.jobs.rate import RateRequest, Session
from lorascope.jobs.rating_scores import answer, read_votes, results
from lorascope.jobs.read_ratings import take_in
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Sample
from lorascope.records.vote import standing, vote_of
from lorascope.settings import Settings
from lorascope.store import Store

EPOCHS, PROMPTS = (1, 2, 3), ("red", "green", "blue", "gray")


def picture(epoch, prompt):
    """A picture that is brighter at later epochs, and that says in its notes what it is, as generators do."""
    pixels = np.full((8, 8, 3), 60 * epoch + 10 * PROMPTS.index(prompt), np.uint8)
    notes = PngInfo()
    notes.add_text("parameters", f"secret epoch {epoch}")
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", pnginfo=notes)
    return file.getvalue()


@pytest.fixture
def lab(tmp_path):
    settings = Settings.at(tmp_path / ".lorascope")
    settings.lab.mkdir()
    with Store.open(settings.store_url, settings.blobs) as store:
        store.add_run(Run("secret_run", "toy", RunStatus.FINISHED))
        store.add_checkpoints([Checkpoint("secret_run", epoch) for epoch in EPOCHS])
        samples = [Sample("secret_run", epoch, prompt, 1, store.put_blob(picture(epoch, prompt))) for epoch in EPOCHS for prompt in PROMPTS]
        store.add_samples(samples)
    return settings


@pytest.fixture
def store(lab):
    with Store.open(lab.store_url, lab.blobs) as opened:
        yield opened


def brightness(path):
    return np.asarray(Image.open(path)).astype(float)


def rate_all(store, request, judge):
    """Answer every question with what ``judge`` says of the picture's pixels; returns how many were asked."""
    asked = 0
    with Session(store, request) as session:
        while (question := session.ask()) is not None:
            session.answer(judge(brightness(question.picture)), 1.5)
            asked += 1
    return asked


def brighter(pixels):
    left, right = pixels[:, : pixels.shape[1] // 3].mean(), pixels[:, -pixels.shape[1] // 3 :].mean()
    return "a" if left > right else "b"


def test_nothing_that_is_shown_says_which_run_and_epoch_it_is(store):
    with Session(store, RateRequest(("secret_run",))) as session:
        question = session.ask()
        shown = f"{question} {question.picture.name} {question.picture.read_bytes()!r}"
        assert "secret" not in shown
        assert "epoch" not in shown
        assert re.fullmatch(r"[0-9a-f]{8}\.png", question.picture.name)
        folder = question.picture.parent
    assert not folder.exists()


def test_every_answer_is_saved_before_the_next_question(store):
    with Session(store, RateRequest(("secret_run",))) as session:
        session.ask()
        session.answer("7", 2.0)
        (vote,) = read_votes(store, "rating")
    assert (vote.answer, vote.latency_s, vote.position, vote.blind) == (7.0, 2.0, 1, True)


def test_an_interrupted_session_goes_on_with_what_was_not_rated(store):
    def stopped_after_four():
        with Session(store, RateRequest(("secret_run",), "anna")) as session:
            for _ in range(4):
                session.ask()
                session.answer("5", 1.0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped_after_four()
    assert len(store.scores("secret_run", "rating")) == 4  # and they count already
    rate_all(store, RateRequest(("secret_run",), "anna"), lambda _: "6")
    votes = standing(read_votes(store, "rating"))
    assert len({vote.shown for vote in votes}) == len(EPOCHS) * len(PROMPTS)


def test_ratings_become_scores_that_pick_uses(store):
    rate_all(store, RateRequest(("secret_run",), "anna"), lambda pixels: str(round(pixels.mean() / 25, 1)))
    chosen = pick(store, "secret_run", "rating")
    assert chosen.best.epoch == 3
    assert chosen.direction == "higher"
    assert {score.extra["rater"] for score in store.scores("secret_run", "rating")} == {"anna"}


def test_pairs_are_of_one_prompt_and_two_checkpoints_and_become_strengths(store):
    rate_all(store, RateRequest(("secret_run",), "anna", pairs=True, count=30), brighter)
    votes = standing(read_votes(store, "preference"))
    assert all(vote.shown[0].prompt == vote.shown[1].prompt and vote.shown[0].epoch != vote.shown[1].epoch for vote in votes)
    found = results(store, ["secret_run"], "preference")
    assert [one.item[1] for one in sorted(found.strengths.items, key=lambda one: one.strength)] == [1, 2, 3]
    assert (found.repeated, found.consistent) == (1, 1)
    assert pick(store, "secret_run", "preference").leader.epoch == 3


def test_both_places_are_used_so_that_a_habit_can_be_told_from_a_preference(store):
    rate_all(store, RateRequest(("secret_run",), pairs=True, count=30), brighter)
    assert {vote.answer for vote in read_votes(store, "preference")} == {"a", "b"}


def test_what_is_shown_again_is_marked_and_pairs_come_back_the_other_way_round(store):
    rate_all(store, RateRequest(("secret_run",), pairs=True, count=30), brighter)
    by_id = {vote.id: vote for vote in read_votes(store, "preference")}
    again = [vote for vote in by_id.values() if vote.repeat_of]
    assert again
    assert all(vote.shown == by_id[vote.repeat_of].shown[::-1] for vote in again)


def test_an_answer_that_is_taken_back_stays_on_record_and_counts_no_more(store):
    with Session(store, RateRequest(("secret_run",))) as session:
        first = session.ask()
        session.answer("2", 1.0)
        assert session.undo()
        again = session.ask()
        assert np.array_equal(brightness(first.picture), brightness(again.picture))
        session.answer("9", 1.0)
    every = read_votes(store, "rating")
    assert [vote.answer for vote in every] == [2.0, "undo", 9.0]
    assert [vote.answer for vote in standing(every)] == [9.0]
    assert [score.value for score in store.scores("secret_run", "rating")] == [9.0]


def test_a_skipped_picture_gives_no_score(store):
    rate_all(store, RateRequest(("secret_run",), count=1), lambda _: "skip")
    assert store.scores("secret_run", "rating") == []


@pytest.mark.parametrize("typed", ["11", "-1", "nan", "seven", "", "a"])
def test_what_is_no_rating_is_refused_and_nothing_is_saved(store, typed):
    with Session(store, RateRequest(("secret_run",))) as session:
        session.ask()
        with pytest.raises(BadParameter):
            session.answer(typed, 1.0)
    assert read_votes(store) == []


def test_two_kinds_of_votes_do_not_share_a_name(store):
    rate_all(store, RateRequest(("secret_run",), metric="mine", count=2), lambda _: "5")
    with pytest.raises(BadParameter, match="ratings from 0 to 10"):
        Session(store, RateRequest(("secret_run",), pairs=True, metric="mine"))


def test_a_broken_picture_is_passed_over(store):
    for sample in store.samples("secret_run")[:3]:
        path = store.blob_path(sample.image_digest)
        path.chmod(0o644)
        path.write_bytes(b"\x89PNG broken")
    assert rate_all(store, RateRequest(("secret_run",)), lambda _: "5") == 10  # nine pictures, one of them twice


def test_a_run_without_pictures_is_answered_with_what_to_do(store):
    store.add_run(Run("bare", "toy", RunStatus.FINISHED))
    with pytest.raises(NotFound) as caught:
        Session(store, RateRequest(("bare",)))
    assert caught.value.next_step == "lorascope evaluate bare"


def test_votes_are_exported_and_come_back_the_same(store, lab, tmp_path, monkeypatch):
    rate_all(store, RateRequest(("secret_run",), pairs=True, count=12), brighter)
    monkeypatch.chdir(tmp_path)
    exported = CliRunner().invoke(cli, ["export", "--out", "all.jsonl"])
    assert exported.exit_code == 0, exported.output
    other = Settings.at(tmp_path / "other")
    other.lab.mkdir()
    with Store.open(other.store_url, other.blobs) as copy:
        import_runs([tmp_path / "all.jsonl"], copy)
        assert read_votes(copy) == read_votes(store)
        assert answer(results(copy, [], "preference")) == answer(results(store, [], "preference"))


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"id": 3},
        {"id": "x", "rater": "a", "metric": "m", "shown": [{"run": "r", "epoch": True, "prompt": "p"}], "answer": 3},
        {"id": "x", "rater": "a", "metric": "m", "shown": [{"run": "r", "epoch": 1, "prompt": "p"}], "answer": 1e9},
        {"id": "x", "rater": "a", "metric": "m", "shown": [{"run": "r", "epoch": 1, "prompt": "p"}] * 3, "answer": "a"},
        {"id": "x", "rater": "a", "metric": "m", "shown": "r", "answer": "a"},
    ],
)
def test_what_others_wrote_under_that_type_is_no_vote(record):
    assert vote_of({"type": "vote", **record}) is None


def write(path, text):
    path.write_text(text, "utf-8")
    return path


def test_a_table_counts_as_blind_only_where_it_says_so(store, tmp_path):
    rows = [f"secret_run,{epoch},{prompt},1,{epoch * 2},bo,{'yes' if prompt != 'red' else ''}" for epoch in EPOCHS for prompt in PROMPTS]
    file = write(tmp_path / "r.csv", "run,epoch,prompt,seed,rating,rater,blind\n" + "\n".join(rows) + "\n")
    taken = take_in(store, file, "likeness", "anonymous")
    assert (taken.votes, taken.new, taken.unblinded) == (12, 12, 3)
    assert {score.prompt for score in store.scores("secret_run", "likeness")} == {"green", "blue", "gray"}
    marked = store.scores("secret_run", "likeness_unblinded")
    assert {(score.prompt, score.extra["blind"]) for score in marked} == {("red", False)}
    assert "vote" not in {str(record["type"]) for record in store.foreign_records("rating")}
    assert any("Nobody says" in note for note in results(store, [], "likeness_unblinded").notes)
    assert take_in(store, file, "likeness", "anonymous").new == 0


def test_two_raters_who_say_the_same_in_two_tables_are_two(store, tmp_path):
    rows = [f"secret_run,{epoch},red,1,{epoch * 2},yes" for epoch in EPOCHS]
    file = write(tmp_path / "r.csv", "run,epoch,prompt,seed,rating,blind\n" + "\n".join(rows) + "\n")
    for rater in ("anna", "bo"):
        take_in(store, file, "likeness", rater)
    assert (results(store, [], "likeness").votes, results(store, [], "likeness").raters) == (6, ("anna", "bo"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "columns are none"),
        ("run,epoch\nx,1\n", "columns are run, epoch"),
        ("run,epoch,rating\n", "no rows"),
        ("run,epoch,rating\nr,one,5\n", "epoch 'one'"),
        ("run,epoch,rating\nr,1,15\n", "not between 0 and 10"),
        ("run,epoch,rating\nr,1,nan\n", "not between 0 and 10"),
        ("run,epoch,rating\n,1,5\n", "names no run"),
        ("run_a,epoch_a,run_b,epoch_b,answer\nr,1,r,2,left\n", "answer 'left'"),
        ('run,epoch,rating\nr,1,"5\n', "cannot be read as CSV"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_its_place(store, tmp_path, text, said):
    with pytest.raises(BadFile) as caught:
        take_in(store, write(tmp_path / "r.csv", text), "likeness", "bo")
    assert said in str(caught.value)
    assert read_votes(store, blind=False) == []


def test_a_session_can_be_typed_through_a_pipe(lab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    typed = CliRunner().invoke(cli, ["rate", "secret_run", "--rater", "anna", "--n", "5"], input="5\nu\n6\nwhat\n7\ns\nq\n")
    assert typed.exit_code == 0, typed.output
    assert "'what' is not understood" in typed.output
    found = json.loads(CliRunner().invoke(cli, ["rate", "--results", "secret_run", "--json"]).stdout)
    assert (found["format"], found["metric"], found["votes"], found["skipped"]) == (1, "rating", 2, 1)
    assert found["raters"][0]["rater"] == "anna"


def test_the_end_of_the_input_ends_the_session(lab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    typed = CliRunner().invoke(cli, ["rate", "secret_run", "--pairs"], input="a\nb\n")
    assert typed.exit_code == 0, typed.output
    assert "2 answers saved" in typed.output


def test_no_folder_of_pictures_is_left_behind(store):
    with Session(store, RateRequest(("secret_run",))) as session:
        folder = Path(session.ask().picture).parent
        assert folder.is_dir()
    assert not folder.exists()
