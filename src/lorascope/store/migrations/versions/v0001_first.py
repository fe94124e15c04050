"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NO_SEED = "coalesce(seed, (-9223372036854775807 - 1))"


def upgrade() -> None:
    _runs()
    _prompts()
    _images_and_scores()
    op.create_table(
        "foreign_records",
        sa.Column("record_id", sa.Integer, primary_key=True),
        sa.Column("record_type", sa.Text, nullable=False),
        sa.Column("run_name", sa.Text),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("copy", sa.Integer, nullable=False),
        sa.Column("body", _json(), nullable=False),
    )
    op.create_index("uq_foreign_records", "foreign_records", ["digest", "copy"], unique=True)


def _json() -> sa.JSON:
    return sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")


def _runs() -> None:
    op.create_table(
        "training_runs",
        sa.Column("run_id", sa.Integer, primary_key=True),
        sa.Column("run_name", sa.Text, nullable=False),
        sa.Column("trainer", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("all_parameters", _json(), nullable=False),
        sa.Column("outcome", _json(), nullable=False),
        sa.Column("parent", sa.Text),
        sa.Column("dataset_digest", sa.Text),
        sa.Column("base_model", sa.Text),
        sa.Column("started_at", sa.Float),
        sa.Column("finished_at", sa.Float),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("environment", _json(), nullable=False),
        sa.Column("extra", _json()),
        sa.Column("process", _json()),
        sa.UniqueConstraint("run_name", name="uq_training_runs_run_name"),
    )
    op.create_table(
        "caption_versions",
        sa.Column("version_id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("version_name", sa.Text, nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("items", _json(), nullable=False),
        sa.Column("orphans", _json(), nullable=False),
        sa.Column("parent", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("extra", _json()),
        sa.UniqueConstraint("digest", name="uq_caption_versions_digest"),
    )
    op.create_index("ix_caption_versions_version_name", "caption_versions", ["version_name"])
    op.create_table(
        "epoch_results",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("training_runs.run_id"), primary_key=True),
        sa.Column("epoch", sa.Integer, primary_key=True),
        sa.Column("is_checkpoint", sa.Boolean, nullable=False),
        sa.Column("step", sa.BigInteger),
        sa.Column("samples_seen", sa.BigInteger),
        sa.Column("file", sa.Text),
        sa.Column("file_bytes", sa.BigInteger),
        sa.Column("digest", sa.Text),
        sa.Column("mean_loss", sa.Float),
        sa.Column("duration_s", sa.Float),
        sa.Column("saved_at", sa.Float),
        sa.Column("quantitative_metrics", _json()),
        sa.Column("extra", _json()),
    )


def _prompts() -> None:
    op.create_table(
        "prompt_suites",
        sa.Column("suite_id", sa.Integer, primary_key=True),
        sa.Column("suite_name", sa.Text, nullable=False),
        sa.Column("seeds", _json(), nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("guidance", sa.Float, nullable=False),
        sa.Column("negative", sa.Text, nullable=False),
        sa.Column("width_px", sa.Integer, nullable=False),
        sa.Column("height_px", sa.Integer, nullable=False),
        sa.Column("extra", _json()),
        sa.UniqueConstraint("suite_name", name="uq_prompt_suites_suite_name"),
    )
    op.create_table(
        "test_prompts",
        sa.Column("suite_id", sa.Integer, sa.ForeignKey("prompt_suites.suite_id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("prompt_name", sa.Text, nullable=False),
        sa.Column("prompt_text", sa.Text, nullable=False),
        sa.Column("expectations", _json(), nullable=False),
        sa.Column("extra", _json()),
    )
    op.create_index("uq_test_prompts", "test_prompts", ["suite_id", "prompt_name"], unique=True)


def _images_and_scores() -> None:
    op.create_table(
        "prompt_test_images",
        sa.Column("image_id", sa.Integer, primary_key=True),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("training_runs.run_id"), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger),
        sa.Column("draw", sa.Integer, nullable=False),
        sa.Column("image_digest", sa.Text, nullable=False),
        sa.Column("extra", _json()),
    )
    key: list[str | sa.TextClause] = ["run_id", "epoch", "prompt", sa.text(_NO_SEED), "draw"]
    op.create_index("uq_prompt_test_images", "prompt_test_images", list(key), unique=True)
    op.create_table(
        "prompt_test_results",
        sa.Column("result_id", sa.Integer, primary_key=True),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("training_runs.run_id"), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger),
        sa.Column("draw", sa.Integer, nullable=False),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("value", sa.Float),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("extra", _json()),
    )
    op.create_index("uq_prompt_test_results", "prompt_test_results", [*key, "metric"], unique=True)
