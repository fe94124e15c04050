"""Series, their summaries, and questions about runs: the same on every store."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lorascope.analysis.where import And, Comparison, Membership, MetricField, Name, Not, Or, Which, holds
from lorascope.analysis.where_text import parse_where
from lorascope.errors import BadParameter, NotFound
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.measurement import Measurement
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.records.series import Series
from lorascope.store import Store, json_paths
from lorascope.store.queries import Found, Sort
from lorascope.store.series import Points


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with Store.open(url, tmp_path / "blobs") as opened:
        yield opened


def a_run(name, outcome=None, **parameters):
    return Run(name, "toy", RunStatus.FINISHED, parameters, outcome or {})


def a_series(run, metric, *values):
    return Series(
        run, metric, tuple(range(1, len(values) + 1)), tuple(map(float, values)), tuple(float(place) for place in range(len(values)))
    )


class TestSeries:
    def test_a_series_comes_back_as_it_was_put(self, store):
        store.add_run(a_run("first"))
        long = Series(
            "first", "loss", tuple(range(9000)), tuple(math.sin(x) for x in range(9000)), tuple(1.7e9 + 0.37 * x for x in range(9000))
        )
        odd = a_series("first", "odd", math.nan, math.inf, -math.inf, -0.0)
        assert store.put_series([long, odd]) == 2
        assert repr(store.series("first")) == repr([long, odd])

    def test_putting_the_same_again_changes_nothing_and_another_replaces_all(self, store):
        store.add_run(a_run("first"))
        series = [a_series("first", "loss", 3, 2, 1), a_series("first", "lr", 1)]
        store.put_series(series)
        assert store.put_series(series) == 0
        assert store.put_series([a_series("first", "loss", 9)]) == 1
        assert store.series("first", "loss") == [a_series("first", "loss", 9)]
        assert store.series("first", "lr") == series[1:]

    def test_points_are_added_behind_the_others(self, store):
        store.add_run(a_run("first"))
        for place in range(40):
            steps = list(range(50 * place, 50 * place + 50))
            store.add_points(
                "first",
                {"loss": Points(steps, [x / 3 for x in steps], [float(x) for x in steps]), f"m{place % 2}": Points([place], [1.0], [0.5])},
            )
        loss = store.series("first", "loss")[0]
        assert (loss.steps, loss.values) == (tuple(range(2000)), tuple(x / 3 for x in range(2000)))
        assert [len(store.series("first", name)[0].steps) for name in ("m0", "m1")] == [20, 20]

    def test_a_series_of_a_run_that_is_not_there_is_refused(self, store):
        with pytest.raises(NotFound):
            store.put_series([a_series("nobody", "loss", 1)])
        with pytest.raises(NotFound):
            store.series("nobody")

    def test_an_unknown_metric_is_told_the_nearest(self, store):
        store.add_run(a_run("first"))
        store.put_series([a_series("first", "loss/train", 1)])
        with pytest.raises(NotFound) as caught:
            store.one_series("first", "loss/trian")
        assert "loss/train" in caught.value.next_step


@pytest.fixture
def runs(store):
    """Three runs whose best value is not their last."""
    for name, dim, values in (("a", 32, (1, 9, 2)), ("b", 32, (3, 4, 5)), ("c", 8, (10, 0, 0)), ("d", 32, ())):
        store.add_run(replace(a_run(name, network_dim=dim, network_alpha=dim / 2, keep_tokens=1), started_at=ord(name) * 1.0))
        if values:
            store.put_series([a_series(name, "quality", *values), a_series(name, "loss/train", *values)])
    return store


def found(store, where=None, sort=None, descending=False, which=None, limit=None):
    sorting = Sort(sort, descending, which) if sort else None
    return "".join(one.name for one in store.query_runs(parse_where(where) if where else None, sorting, limit=limit))


class TestQuestions:
    def test_runs_are_sorted_by_their_best_value_not_their_last(self, runs):
        assert found(runs, sort="quality", descending=True, which="best") == "cabd"
        assert found(runs, sort="quality", descending=True, which="last") == "bacd"
        assert found(runs, "network_dim = 32", "quality", descending=True, which="best", limit=2) == "ab"

    def test_runs_without_the_metric_come_last_and_count_for_the_limit(self, runs):
        assert found(runs, "network_dim = 32", "quality", descending=True, limit=3) == "abd"
        assert found(runs, sort="quality", limit=10)[-1] == "d"

    def test_the_best_of_a_loss_is_the_least(self, runs):
        assert found(runs, "best.loss/train < 1") == "c"
        assert runs.query_runs(columns=["best.loss/train", "last.quality", "rank"], limit=1) == [
            Found("a", {"best.loss/train": 1.0, "last.quality": 2.0, "rank": 32})
        ]

    def test_the_best_of_what_nobody_knows_must_be_stated(self, runs):
        runs.add_measurements([Measurement("a", 1, "warmth", "", 9.0, None, None, 1, 1)])
        with pytest.raises(BadParameter, match="column 19: which way is better for warmth"):
            found(runs, "keep_tokens=1 and best.warmth > 2")
        assert found(runs, "max.warmth > 8") == "a"
        assert found(runs, "best.quality > 8") == "ac", "more quality is better: its name says so"

    def test_measurements_and_outcomes_are_numbers_to_find_runs_by(self, runs):
        runs.add_measurements([
            Measurement("a", epoch, "color_error", "colors", mean, None, None, 8, 8) for epoch, mean in enumerate([1.0, 30.0, 20.0, 40.0])
        ])  # fmt: skip
        runs.import_runs([Run("e", "kohya", RunStatus.IMPORTED, {}, {"color_error": 25.0, "style": None})])
        assert found(runs, sort="best.color_error") == "aebcd", "lower is better; epoch 0 is no checkpoint"
        assert found(runs, "best.color_error = 20") == "a"
        runs.import_runs([Run("e", "kohya", RunStatus.IMPORTED, {}, {})])
        assert found(runs, "color_error > 0") == "a"

    def test_scores_are_numbers_to_find_runs_by_as_means_over_prompts(self, runs):
        """Epoch 1: prompt p has 10 and 30 (mean 20), prompt q 40: mean 30. Epoch 2: 12. Epoch 0 is the base model."""
        scores = [("p", 1, 10.0, 1), ("p", 2, 30.0, 1), ("q", 1, 40.0, 1), ("p", 1, 12.0, 2), ("p", 1, 1.0, 0), ("q", 1, None, 2)]
        runs.add_scores([Score("a", epoch, prompt, seed, "color_error", value) for prompt, seed, value, epoch in scores])
        values = runs.query_runs(columns=["min.color_error", "max.color_error", "last.color_error"])[0].values
        assert list(values.values()) == [12.0, 30.0, 12.0]
        runs.add_checkpoint(Checkpoint("a", 0))
        runs.add_scores([Score("a", 0, "p", 2, "color_error", 1.0)])
        assert found(runs, "best.color_error = 1") == "a", "a trainer that counts from 0 saved it: it is a checkpoint"

    def test_values_of_columns_keep_their_kind(self, store):
        store.add_run(a_run("a", flip_aug=True, network_dim=8, network_alpha=8.0, caption_extension=".txt", mine="x"))
        columns = ["flip_aug", "network_dim", "network_alpha", "caption_extension", "mine", "seed", "status"]
        values = store.query_runs(columns=columns)[0].values
        assert repr(dict(values)) == repr({
            "flip_aug": True, "network_dim": 8, "network_alpha": 8.0, "caption_extension": ".txt", "mine": "x", "seed": None,
            "status": "finished",
        })  # fmt: skip

    def test_sql_in_every_text_is_only_text(self, store):
        evil = "x'; DROP TABLE training_runs; --%s ? \" \\"
        store.add_run(a_run("a", **{evil: evil}))
        same = evil.replace("'", "''")
        assert found(store, f"`{evil}` = '{same}'") in {"a", ""}, "a key with a quotation mark cannot be asked for, and is no SQL either"
        assert found(store, "caption_extension = 'x''; DROP TABLE training_runs; --'") == ""
        assert [run.name for run in store.runs()] == ["a"]

    def test_an_interrupted_run_is_found_as_that(self, store):
        store.add_run(Run("gone", "toy", RunStatus.RUNNING))
        store.add_run(Run("here", "toy", RunStatus.RUNNING))
        store.release_run("gone")
        assert found(store, "status = 'interrupted'") == "gone"
        assert found(store, "status = 'running'") == "here"


NAMES = ("network_dim", "keep_tokens", "mine", "flip_aug", "name", "score")
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.5, -1e-4, 1e300])
    | st.sampled_from(["", "a", "A", "ab", "a%b_", "1", "é", "\\"])
)
OPERATORS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])


def comparisons():
    field = st.sampled_from(NAMES).map(Name)
    numbers = st.builds(Comparison, field, OPERATORS, VALUES.filter(lambda value: value is not None))
    texts = st.builds(
        Comparison, field, st.sampled_from(["contains", "like"]), st.sampled_from(["", "a", "a%", "_b", "%", "a*", "[a]", "\\", "?"])
    )
    nothing = st.builds(Comparison, field, st.sampled_from(["=", "!="]), st.none())
    members = st.builds(Membership, field, st.lists(VALUES, min_size=1, max_size=3).map(tuple), st.booleans())
    return numbers | texts | nothing | members


QUESTIONS = st.recursive(
    comparisons(),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


@pytest.fixture
def varied(store):
    values = [None, True, False, 0, 1, -2, 3, 0.5, -1e-4, 1e300, "", "a", "A", "ab", "a%b_", "1", "é", "\\", "a*"]
    runs = []
    for place, value in enumerate(values):
        parameters = {"network_dim": value, "mine": values[-place], "flip_aug": value} | (
            {"keep_tokens": place % 4 - 1} if place % 3 else {}
        )
        runs.append(
            a_run(
                value if isinstance(value, str) and value else f"r{place}",
                {"score": place - 5.0} if place % 2 else {},
                **parameters,
            )
        )
    store.import_runs(runs)
    return store, runs


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(question=QUESTIONS)
def test_a_database_answers_as_python_does(varied, question):
    store, runs = varied

    facts = {run.name: {"name": run.name, "score": run.outcome.get("score"), **run.parameters} for run in runs}
    expected = {name for name, found in facts.items() if holds(question, found.get)}
    assert {one.name for one in store.query_runs(question)} == expected


def test_a_parameter_is_asked_for_by_its_index(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'lab.db'}", tmp_path) as store, store._read() as connection:
        column = json_paths.number("sqlite", "r.all_parameters", "architecture", "network_dim")
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN SELECT count(*) FROM training_runs r WHERE {column} = 32").all()
    assert "ix_parameter_network_dim" in str(plan)


def test_which_value_is_a_word_of_its_own():
    assert MetricField("q", Which.BEST) != MetricField("q", Which.VALUE)
