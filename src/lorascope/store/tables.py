"""The tables, as the program sees them today. How an older store gets here is in ``migrations/versions``.

``tests/store/test_store_schema.py`` keeps the two equal. Names follow those that labs already use in their own SQL.
Numbers that several records share a shape for (parameters, outcome, measurements) are JSON; what is sorted or joined is a column.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    func,
    literal_column,
)

from lorascope.store.columns import Integer, Json, Text

SCHEMA_VERSION = "0002"

metadata = MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_N_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s"})

_json = Json
_key = Integer

# The smallest 64-bit integer stands for "no seed" in the unique indexes below: SQL holds two NULLs to be different.
NO_SEED = -(2**63)
_no_seed: ColumnElement[int] = literal_column(f"({NO_SEED + 1} - 1)")  # SQLite reads the smallest integer itself as a float

training_runs = Table(
    "training_runs",
    metadata,
    Column("run_id", _key, primary_key=True),
    Column("run_name", Text, nullable=False, unique=True),
    Column("trainer", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("all_parameters", _json, nullable=False),  # category → name → value
    Column("outcome", _json, nullable=False),  # metric → value, measured elsewhere
    Column("parent", Text),
    Column("dataset_digest", Text),
    Column("base_model", Text),
    Column("started_at", Float),
    Column("finished_at", Float),
    Column("reason", Text, nullable=False),
    Column("environment", _json, nullable=False),
    Column("extra", _json),
    Column("process", _json),  # host and pid of the process that records it; NULL for imported runs
    Column("counted_in", Text, nullable=False, server_default="epochs"),  # what the checkpoints' numbers count: epochs, or steps
    Column("journal", Text),  # the journal that this run is taken from, and up to which byte it was
    Column("journal_taken", BigInteger),
)

caption_versions = Table(
    "caption_versions",
    metadata,
    Column("version_id", _key, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("version_name", Text, nullable=False, index=True),
    Column("folder", Text, nullable=False),
    Column("items", _json, nullable=False),  # a list of image_file, image_digest, caption_file, caption
    Column("orphans", _json, nullable=False),
    Column("parent", Text),
    Column("note", Text, nullable=False),
    Column("extra", _json),
)

epoch_results = Table(
    "epoch_results",
    metadata,
    Column("run_id", _key, ForeignKey("training_runs.run_id"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("is_checkpoint", Boolean(create_constraint=False), nullable=False),  # False: measured (the base model), nothing saved
    Column("step", BigInteger),
    Column("samples_seen", BigInteger),
    Column("file", Text),
    Column("file_bytes", BigInteger),
    Column("digest", Text),
    Column("mean_loss", Float),
    Column("duration_s", Float),
    Column("saved_at", Float),
    Column("quantitative_metrics", _json),  # metric → unit, mean, low, high, prompts, images, not_measurable
    Column("extra", _json),
    Column("tensor_hash", Text),
)

prompt_suites = Table(
    "prompt_suites",
    metadata,
    Column("suite_id", _key, primary_key=True),
    Column("suite_name", Text, nullable=False, unique=True),
    Column("seeds", _json, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("guidance", Float, nullable=False),
    Column("negative", Text, nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("extra", _json),
)

test_prompts = Table(
    "test_prompts",
    metadata,
    Column("suite_id", _key, ForeignKey("prompt_suites.suite_id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("prompt_name", Text, nullable=False),
    Column("prompt_text", Text, nullable=False),
    Column("expectations", _json, nullable=False),  # a list of feature, color, rgb
    Column("extra", _json),
)

prompt_test_images = Table(
    "prompt_test_images",
    metadata,
    Column("image_id", _key, primary_key=True),
    Column("run_id", _key, ForeignKey("training_runs.run_id"), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("seed", BigInteger),
    Column("draw", Integer, nullable=False),
    Column("image_digest", Text, nullable=False),
    Column("extra", _json),
)

prompt_test_results = Table(
    "prompt_test_results",
    metadata,
    Column("result_id", _key, primary_key=True),
    Column("run_id", _key, ForeignKey("training_runs.run_id"), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("seed", BigInteger),
    Column("draw", Integer, nullable=False),
    Column("metric", Text, nullable=False),
    Column("value", Float),
    Column("reason", Text, nullable=False),
    Column("extra", _json),
)

# One row for each number that is followed: what runs are sorted and searched by, kept up to date by every write.
metric_series = Table(
    "metric_series",
    metadata,
    Column("series_id", _key, primary_key=True),
    Column("run_id", _key, ForeignKey("training_runs.run_id"), nullable=False),
    Column("metric", Text, nullable=False),
    Column("source", Text, nullable=False),  # logged, measured (means of checkpoints over prompts), outcome
    Column("points", BigInteger, nullable=False),
    Column("last_step", BigInteger),
    Column("last_value", Float),
    Column("min_step", BigInteger),
    Column("min_value", Float),  # NULL when no value is a number
    Column("max_step", BigInteger),
    Column("max_value", Float),
)

# The points themselves, packed. A block is written once and never changed; blocks of a finished series are packed anew, larger.
metric_blocks = Table(
    "metric_blocks",
    metadata,
    Column("series_id", _key, ForeignKey("metric_series.series_id"), primary_key=True),
    Column("position", BigInteger, primary_key=True),  # points of the series before this block
    Column("points", Integer, nullable=False),
    Column("packed", LargeBinary, nullable=False),
)

hypotheses = Table(
    "hypotheses",
    metadata,
    Column("hypothesis_id", _key, primary_key=True),
    Column("hypothesis_name", Text, nullable=False, unique=True),
    Column("statement", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("claimed_n", Integer),
    Column("metric", Text),
    Column("direction", Text),
    Column("threshold", Float),
    Column("prior", Float),
    Column("verdict", Text, nullable=False),
    Column("runs", _json, nullable=False),
    Column("extra", _json),
)

foreign_records = Table(
    "foreign_records",
    metadata,
    Column("record_id", _key, primary_key=True),
    Column("record_type", Text, nullable=False),
    Column("run_name", Text),
    Column("digest", Text, nullable=False),
    Column("copy", Integer, nullable=False),  # equal lines of one file are 0, 1, 2 …
    Column("body", _json, nullable=False),
)


def image_key(table: Table) -> list[ColumnElement[Any]]:
    """What identifies a row of one image (or of one of its scores): the elements of the unique index, with "no seed" as a value."""
    key: list[ColumnElement[Any]] = [table.c.run_id, table.c.epoch, table.c.prompt, func.coalesce(table.c.seed, _no_seed), table.c.draw]
    return [*key, table.c.metric] if "metric" in table.c else key


Index("uq_prompt_test_images", *image_key(prompt_test_images), unique=True)
Index("uq_prompt_test_results", *image_key(prompt_test_results), unique=True)
# PostgreSQL only: makes ``all_parameters @> '{"architecture": {"network_dim": 32}}'`` a look-up.
Index(
    "ix_training_runs_all_parameters",
    training_runs.c.all_parameters,
    postgresql_using="gin",
    postgresql_ops={"all_parameters": "jsonb_path_ops"},
).ddl_if(dialect="postgresql")
Index("uq_test_prompts", test_prompts.c.suite_id, test_prompts.c.prompt_name, unique=True)
Index("uq_foreign_records", foreign_records.c.digest, foreign_records.c.copy, unique=True)
Index("ix_training_runs_status", training_runs.c.status)
Index("uq_metric_series", metric_series.c.run_id, metric_series.c.metric, metric_series.c.source, unique=True)
Index("ix_metric_series_max", metric_series.c.metric, metric_series.c.source, metric_series.c.max_value)
Index("ix_metric_series_min", metric_series.c.metric, metric_series.c.source, metric_series.c.min_value)
