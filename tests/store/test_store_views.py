"""The views say the same on both databases, people's own SQL works on them, and PostgreSQL's planner uses our indexes."""

from __future__ import annotations

import json
import sqlite3

import pytest

from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.records.series import Series
from lorascope.store import Store, json_paths, views


def record_a_few(store):
    parameters = {"network_dim": 32, "network_alpha": 16.0, "learning_rate": 1e-4, "flip_aug": True, "keep_tokens": 1, "my_own": [1, 2]}
    store.add_run(Run("first", "toy", RunStatus.FINISHED, parameters | {"lr_scheduler": "cosine"}, outcome={"score": 9}))
    odd = {"network_dim": "auto", "lr_scheduler": 5, "flip_aug": 1, "optimizer_type": "AdamW", "note": 'it\'s "odd" %s', "empty": None}
    store.add_run(Run("second", "kohya", RunStatus.FAILED, odd, reason="out of memory"))
    store.add_run(Run("third", "toy", RunStatus.FINISHED, {"network_dim": 64, "seed": 7}))
    store.add_checkpoint(Checkpoint("first", 1))
    values = {(1, "a", 1): 10.0, (1, "a", 2): 20.0, (1, "b", 1): 5.0, (2, "a", 1): 4.0, (2, "b", 1): None}
    store.add_scores([Score("first", epoch, prompt, seed, "unique_colors", value) for (epoch, prompt, seed), value in values.items()])


@pytest.fixture
def asked(postgres, postgres_url, tmp_path):
    """The rows of a query on both databases, with the names of their columns."""
    url = f"sqlite:///{tmp_path / 'lab.db'}"
    for each in (url, postgres_url):
        with Store.open(each, tmp_path / "blobs") as store:
            record_a_few(store)

    def on_both(query):
        import psycopg

        with sqlite3.connect(tmp_path / "lab.db") as here:
            cursor = here.execute(query)
            ours = [dict(zip([column[0] for column in cursor.description], row, strict=True)) for row in cursor]
        here.close()
        with psycopg.connect(**postgres.where(postgres.databases[-1])) as there:
            there.execute("SET search_path = lorascope")
            rows = there.execute(query)
            theirs = [dict(zip([column.name for column in rows.description], row, strict=True)) for row in rows]
        return ours, theirs

    return on_both


def plain(row):
    """JSON as values: SQLite gives its text."""
    return {
        name: json.loads(value) if name in {"outcome", "all_parameters"} and isinstance(value, str) else value
        for name, value in row.items()
    }


@pytest.mark.parametrize("view", views.view_names())
def test_a_view_has_equal_contents_on_both_databases(asked, view):
    order = {"v_epoch_metrics_progression": "run_name, metric, epoch", "v_parameter_correlation_data": "run_name, metric, source"}
    ours, theirs = asked(f"SELECT * FROM {view} ORDER BY {order.get(view, 'run_name')}")
    assert ours
    assert list(map(plain, ours)) == list(map(plain, theirs))


def test_parameters_are_typed_and_a_value_of_another_kind_is_no_value(asked):
    for rows in asked("SELECT network_dim, learning_rate, flip_aug, lr_scheduler FROM v_training_comparison ORDER BY run_name"):
        assert [tuple(row.values()) for row in rows] == [(32, 1e-4, True, "cosine"), (None, None, None, None), (64, None, None, None)]


def test_the_sql_of_flat_parameters_works_on_the_view(asked):
    query = "SELECT run_name FROM v_training_comparison WHERE all_parameters ->> 'optimizer_type' = 'AdamW'"
    assert asked(query) == ([{"run_name": "second"}], [{"run_name": "second"}])


def test_the_progression_is_the_mean_over_prompts_of_the_mean_over_images(asked):
    for rows in asked("SELECT epoch, mean, prompts, images, change FROM v_epoch_metrics_progression ORDER BY epoch"):
        assert [tuple(row.values()) for row in rows] == [(1, 10.0, 2, 3, None), (2, 4.0, 1, 1, -6.0)]


def test_correlations_can_be_asked_for_directly(postgres, postgres_url, tmp_path):
    with Store.open(postgres_url, tmp_path / "blobs") as store:
        for number in range(1, 6):
            store.add_run(Run(f"run {number}", "toy", RunStatus.FINISHED, {"network_dim": number * 8}))
            store.put_series([Series(f"run {number}", "background_color_accuracy", (1, 2), (0.1, 1 - number / 10), (0.0, 1.0))])
    query = "SELECT corr(network_dim, {}) FROM lorascope.v_parameter_correlation_data WHERE metric = 'background_color_accuracy'"
    for column in ("best_value", "last_value"):
        ((found,),) = postgres.sql(query.format(column), postgres.databases[-1])
        assert found == pytest.approx(-1)


@pytest.fixture(scope="module")
def large(postgres, migrated):
    """A database with 5,000 runs."""
    name = postgres.new_database(migrated)
    postgres.sql(
        """
        INSERT INTO lorascope.training_runs (run_name, trainer, status, all_parameters, outcome, reason, environment)
        SELECT 'run ' || n, 'toy', 'finished',
               jsonb_build_object('architecture', jsonb_build_object('network_dim', n % 500, 'network_alpha', n % 7),
                                  'hyperparameters', jsonb_build_object('optimizer_type', 'kind ' || n % 500)),
               '{}', '', '{}'
        FROM generate_series(1, 5000) n
        """,
        name,
    )
    postgres.sql("ANALYZE lorascope.training_runs", name)
    return name


def plan(postgres, database, condition, table="training_runs"):
    lines = postgres.sql(f"EXPLAIN SELECT run_name FROM lorascope.{table} WHERE {condition}", database)
    return "\n".join(line for (line,) in lines)


def test_containment_uses_the_index_of_all_parameters(postgres, large):
    condition = """all_parameters @> '{"architecture": {"network_dim": 32}}'"""
    assert "ix_training_runs_all_parameters" in plan(postgres, large, condition)
    assert postgres.sql(f"SELECT count(*) FROM lorascope.training_runs WHERE {condition}", large) == [(10,)]


@pytest.mark.parametrize(
    ("name", "of_kind", "condition"),
    [
        ("network_dim", json_paths.number, "= 32"),
        ("network_dim", json_paths.number, "> 495"),
        ("optimizer_type", json_paths.text, "= 'kind 32'"),
    ],
)
def test_the_words_of_our_queries_use_the_index_of_their_parameter(postgres, large, name, of_kind, condition):
    found = of_kind("postgresql", "all_parameters", json_paths.group_of(name), name)
    assert f"ix_parameter_{name}" in plan(postgres, large, f"{found} {condition}")


@pytest.mark.parametrize(
    ("name", "condition"), [("network_dim", "= 32"), ("network_dim", "BETWEEN 3 AND 5"), ("optimizer_type", "= 'kind 32'")]
)
def test_the_view_uses_the_index_of_its_column(postgres, large, name, condition):
    assert f"ix_parameter_{name}" in plan(postgres, large, f"{name} {condition}", "v_training_comparison")


def test_an_index_on_a_flat_key_finds_nothing_in_grouped_parameters(postgres, large):
    """Why the parameters have indexes of their own: what labs wrote by hand looks right and matches no row."""
    assert postgres.sql("SELECT count(*) FROM lorascope.training_runs WHERE all_parameters ->> 'network_dim' = '32'", large) == [(0,)]


def test_views_of_an_older_catalogue_are_made_anew_and_parameters_regrouped(postgres, postgres_url, tmp_path):
    database = postgres.databases[-1]
    with Store.open(postgres_url, tmp_path / "blobs") as store:
        record_a_few(store)
        assert not store.refresh_views()
        postgres.sql("UPDATE lorascope.lorascope_version SET views = 'other'", database)
        old = '{"other": {"network_dim": 64, "seed": 7}}'
        postgres.sql("UPDATE lorascope.training_runs SET all_parameters = %s WHERE run_name = 'third'", database, parameters=[old])
        assert [problem.check for problem in store.check()] == ["views"]
        assert store.refresh_views()
        assert store.check() == []
        assert store.run("third").parameters == {"network_dim": 64, "seed": 7}
    rows = postgres.sql("SELECT network_dim FROM lorascope.v_training_comparison WHERE run_name = 'third'", database)
    assert rows == [(64,)]
