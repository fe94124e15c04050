"""Series of points with their summaries, hypotheses, checkpoints counted in steps, and the hash of a checkpoint's tensors."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("training_runs", sa.Column("counted_in", sa.Text, nullable=False, server_default="epochs"))
    op.add_column("epoch_results", sa.Column("tensor_hash", sa.Text))
    _series()
    _hypotheses()


def _series() -> None:
    op.create_table(
        "metric_series",
        sa.Column("series_id", sa.Integer, primary_key=True),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("training_runs.run_id"), nullable=False),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.Column("last_step", sa.BigInteger),
        sa.Column("last_value", sa.Float),
        sa.Column("min_step", sa.BigInteger),
        sa.Column("min_value", sa.Float),
        sa.Column("max_step", sa.BigInteger),
        sa.Column("max_value", sa.Float),
    )
    op.create_index("uq_metric_series", "metric_series", ["run_id", "metric", "source"], unique=True)
    op.create_index("ix_metric_series_max", "metric_series", ["metric", "max_value"])
    op.create_index("ix_metric_series_min", "metric_series", ["metric", "min_value"])
    op.create_table(
        "metric_blocks",
        sa.Column("series_id", sa.Integer, sa.ForeignKey("metric_series.series_id"), primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
    )


def _hypotheses() -> None:
    op.create_table(
        "hypotheses",
        sa.Column("hypothesis_id", sa.Integer, primary_key=True),
        sa.Column("hypothesis_name", sa.Text, nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("claimed_n", sa.Integer),
        sa.Column("metric", sa.Text),
        sa.Column("direction", sa.Text),
        sa.Column("threshold", sa.Float),
        sa.Column("prior", sa.Float),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("runs", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("extra", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")),
        sa.UniqueConstraint("hypothesis_name", name="uq_hypotheses_hypothesis_name"),
    )
