"""Series of points with their summaries, hypotheses, checkpoints counted in steps, and the hash of a checkpoint's tensors."""

import sqlalchemy as sa
from alembic import op

from lorascope.store.columns import Integer, Json, Text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("training_runs", sa.Column("counted_in", Text, nullable=False, server_default="epochs"))
    op.add_column("training_runs", sa.Column("journal", Text))
    op.add_column("training_runs", sa.Column("journal_taken", sa.BigInteger))
    op.add_column("epoch_results", sa.Column("tensor_hash", Text))
    op.create_index("ix_training_runs_status", "training_runs", ["status"])
    _series()
    _hypotheses()
    _summarize()
    if op.get_context().dialect.name == "postgresql":
        operators = {"all_parameters": "jsonb_path_ops"}
        op.create_index(
            "ix_training_runs_all_parameters", "training_runs", ["all_parameters"], postgresql_using="gin", postgresql_ops=operators
        )


def _series() -> None:
    op.create_table(
        "metric_series",
        sa.Column("series_id", Integer, primary_key=True),
        sa.Column("run_id", Integer, sa.ForeignKey("training_runs.run_id"), nullable=False),
        sa.Column("metric", Text, nullable=False),
        sa.Column("source", Text, nullable=False),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.Column("last_step", sa.BigInteger),
        sa.Column("last_value", sa.Float),
        sa.Column("min_step", sa.BigInteger),
        sa.Column("min_value", sa.Float),
        sa.Column("max_step", sa.BigInteger),
        sa.Column("max_value", sa.Float),
    )
    op.create_index("uq_metric_series", "metric_series", ["run_id", "metric", "source"], unique=True)
    op.create_index("ix_metric_series_max", "metric_series", ["metric", "source", "max_value"])
    op.create_index("ix_metric_series_min", "metric_series", ["metric", "source", "min_value"])
    op.create_table(
        "metric_blocks",
        sa.Column("series_id", Integer, sa.ForeignKey("metric_series.series_id"), primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True),
        sa.Column("points", Integer, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
    )


def _hypotheses() -> None:
    op.create_table(
        "hypotheses",
        sa.Column("hypothesis_id", Integer, primary_key=True),
        sa.Column("hypothesis_name", Text, nullable=False),
        sa.Column("statement", Text, nullable=False),
        sa.Column("source", Text, nullable=False),
        sa.Column("claimed_n", Integer),
        sa.Column("metric", Text),
        sa.Column("direction", Text),
        sa.Column("threshold", sa.Float),
        sa.Column("prior", sa.Float),
        sa.Column("verdict", Text, nullable=False),
        sa.Column("runs", Json, nullable=False),
        sa.Column("extra", Json),
        sa.UniqueConstraint("hypothesis_name", name="uq_hypotheses_hypothesis_name"),
    )


def _summarize() -> None:
    """Runs are found by their numbers from now on, also those that were recorded before."""
    connection = op.get_bind()
    runs = sa.table("training_runs", sa.column("run_id"), sa.column("outcome", Json))
    epochs = sa.table("epoch_results", sa.column("run_id"), sa.column("epoch"), sa.column("quantitative_metrics", Json))
    found: dict[tuple[int, str, str], list[tuple[int | None, float]]] = {}
    for run_id, outcome in connection.execute(sa.select(runs.c.run_id, runs.c.outcome)):
        for metric, value in (outcome or {}).items():
            if isinstance(value, int | float):
                found[run_id, metric, "outcome"] = [(None, float(value))]
    wanted = sa.select(epochs.c.run_id, epochs.c.epoch, epochs.c.quantitative_metrics).where(epochs.c.epoch > 0)
    for run_id, epoch, metrics in connection.execute(wanted.order_by(epochs.c.run_id, epochs.c.epoch)):
        for metric, numbers in (metrics or {}).items():
            if numbers.get("mean") is not None:
                found.setdefault((run_id, metric, "measured"), []).append((epoch, float(numbers["mean"])))
    found |= {(run_id, metric, "measured"): points for (run_id, metric), points in _means_of_scores(connection).items()}
    names = ("run_id", "metric", "source", "points", "last_step", "last_value", "min_step", "min_value", "max_step", "max_value")
    rows = []
    for key, points in found.items():
        low, high = min(points, key=lambda point: point[1]), max(points, key=lambda point: point[1])
        rows.append(dict(zip(names, (*key, len(points), *points[-1], *low, *high), strict=True)))
    if rows:
        connection.execute(sa.insert(sa.table("metric_series", *map(sa.column, names))), rows)


def _means_of_scores(connection: sa.Connection) -> dict[tuple[int, str], list[tuple[int | None, float]]]:
    """By run and metric: each epoch's mean over prompts of the means over images. Epoch 0 is the base model, unless it was saved."""
    means = """
        SELECT run_id, metric, epoch, avg(mean) FROM (
            SELECT run_id, metric, epoch, avg(value) AS mean FROM prompt_test_results s
            WHERE value IS NOT NULL AND (epoch <> 0 OR EXISTS (
                SELECT 1 FROM epoch_results e WHERE e.run_id = s.run_id AND e.epoch = 0 AND e.is_checkpoint))
            GROUP BY run_id, metric, epoch, prompt) AS per_prompt
        GROUP BY run_id, metric, epoch ORDER BY run_id, metric, epoch"""
    found: dict[tuple[int, str], list[tuple[int | None, float]]] = {}
    for run_id, metric, epoch, mean in connection.execute(sa.text(means)):
        found.setdefault((run_id, metric), []).append((epoch, float(mean)))
    return found
