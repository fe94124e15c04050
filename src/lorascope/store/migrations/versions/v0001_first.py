"""The first schema."""

import sqlalchemy as sa
from alembic import op

from lorascope.store.columns import Integer, Json, Text

revision = "0001"
down_revision = None

_NO_SEED = "coalesce(seed, (-9223372036854775807 - 1))"


def upgrade() -> None:
    _runs()
    _prompts()
    _images_and_scores()
    op.create_table(
        "foreign_records",
        sa.Column("record_id", Integer, primary_key=True),
        sa.Column("record_type", Text, nullable=False),
        sa.Column("run_name", Text),
        sa.Column("digest", Text, nullable=False),
        sa.Column("copy", Integer, nullable=False),
        sa.Column("body", Json, nullable=False),
    )
    op.create_index("uq_foreign_records", "foreign_records", ["digest", "copy"], unique=True)


def _runs() -> None:
    op.create_table(
        "training_runs",
        sa.Column("run_id", Integer, primary_key=True),
        sa.Column("run_name", Text, nullable=False),
        sa.Column("trainer", Text, nullable=False),
        sa.Column("status", Text, nullable=False),
        sa.Column("all_parameters", Json, nullable=False),
        sa.Column("outcome", Json, nullable=False),
        sa.Column("parent", Text),
        sa.Column("dataset_digest", Text),
        sa.Column("base_model", Text),
        sa.Column("started_at", sa.Float),
        sa.Column("finished_at", sa.Float),
        sa.Column("reason", Text, nullable=False),
        sa.Column("environment", Json, nullable=False),
        sa.Column("extra", Json),
        sa.Column("process", Json),
        sa.UniqueConstraint("run_name", name="uq_training_runs_run_name"),
    )
    op.create_table(
        "caption_versions",
        sa.Column("version_id", Integer, primary_key=True),
        sa.Column("digest", Text, nullable=False),
        sa.Column("version_name", Text, nullable=False),
        sa.Column("folder", Text, nullable=False),
        sa.Column("items", Json, nullable=False),
        sa.Column("orphans", Json, nullable=False),
        sa.Column("parent", Text),
        sa.Column("note", Text, nullable=False),
        sa.Column("extra", Json),
        sa.UniqueConstraint("digest", name="uq_caption_versions_digest"),
    )
    op.create_index("ix_caption_versions_version_name", "caption_versions", ["version_name"])
    op.create_table(
        "epoch_results",
        sa.Column("run_id", Integer, sa.ForeignKey("training_runs.run_id"), primary_key=True),
        sa.Column("epoch", Integer, primary_key=True),
        sa.Column("is_checkpoint", sa.Boolean, nullable=False),
        sa.Column("step", sa.BigInteger),
        sa.Column("samples_seen", sa.BigInteger),
        sa.Column("file", Text),
        sa.Column("file_bytes", sa.BigInteger),
        sa.Column("digest", Text),
        sa.Column("mean_loss", sa.Float),
        sa.Column("duration_s", sa.Float),
        sa.Column("saved_at", sa.Float),
        sa.Column("quantitative_metrics", Json),
        sa.Column("extra", Json),
    )


def _prompts() -> None:
    op.create_table(
        "prompt_suites",
        sa.Column("suite_id", Integer, primary_key=True),
        sa.Column("suite_name", Text, nullable=False),
        sa.Column("seeds", Json, nullable=False),
        sa.Column("steps", Integer, nullable=False),
        sa.Column("guidance", sa.Float, nullable=False),
        sa.Column("negative", Text, nullable=False),
        sa.Column("width_px", Integer, nullable=False),
        sa.Column("height_px", Integer, nullable=False),
        sa.Column("extra", Json),
        sa.UniqueConstraint("suite_name", name="uq_prompt_suites_suite_name"),
    )
    op.create_table(
        "test_prompts",
        sa.Column("suite_id", Integer, sa.ForeignKey("prompt_suites.suite_id"), primary_key=True),
        sa.Column("position", Integer, primary_key=True),
        sa.Column("prompt_name", Text, nullable=False),
        sa.Column("prompt_text", Text, nullable=False),
        sa.Column("expectations", Json, nullable=False),
        sa.Column("extra", Json),
    )
    op.create_index("uq_test_prompts", "test_prompts", ["suite_id", "prompt_name"], unique=True)


def _images_and_scores() -> None:
    op.create_table(
        "prompt_test_images",
        sa.Column("image_id", Integer, primary_key=True),
        sa.Column("run_id", Integer, sa.ForeignKey("training_runs.run_id"), nullable=False),
        sa.Column("epoch", Integer, nullable=False),
        sa.Column("prompt", Text, nullable=False),
        sa.Column("seed", sa.BigInteger),
        sa.Column("draw", Integer, nullable=False),
        sa.Column("image_digest", Text, nullable=False),
        sa.Column("extra", Json),
    )
    key: list[str | sa.TextClause] = ["run_id", "epoch", "prompt", sa.text(_NO_SEED), "draw"]
    op.create_index("uq_prompt_test_images", "prompt_test_images", list(key), unique=True)
    op.create_table(
        "prompt_test_results",
        sa.Column("result_id", Integer, primary_key=True),
        sa.Column("run_id", Integer, sa.ForeignKey("training_runs.run_id"), nullable=False),
        sa.Column("epoch", Integer, nullable=False),
        sa.Column("prompt", Text, nullable=False),
        sa.Column("seed", sa.BigInteger),
        sa.Column("draw", Integer, nullable=False),
        sa.Column("metric", Text, nullable=False),
        sa.Column("value", sa.Float),
        sa.Column("reason", Text, nullable=False),
        sa.Column("extra", Json),
    )
    op.create_index("uq_prompt_test_results", "prompt_test_results", [*key, "metric"], unique=True)
