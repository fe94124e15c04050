"""The views and the indexes of parameters: what people query by hand, generated from the catalogue. They hold no data of their own.

Every migration makes them anew. A view, an index and a query that mean the same parameter say it in the same words (``json_paths``),
so that on PostgreSQL ``SELECT … FROM v_training_comparison WHERE network_dim = 32`` is a look-up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy import Connection

from lorascope.parameters.catalogue import find
from lorascope.parameters.parameter import Kind
from lorascope.store import json_paths

# The parameters that a comparison of runs shows as columns: the ones the taxonomy asks to track first.
TRACKED = (
    "network_dim",
    "network_alpha",
    "conv_dim",
    "conv_alpha",
    "learning_rate",
    "unet_lr",
    "text_encoder_lr",
    "lr_scheduler",
    "lr_warmup_steps",
    "optimizer_type",
    "max_train_epochs",
    "train_batch_size",
    "caption_version",
    "num_images",
    "keep_tokens",
    "caption_dropout_rate",
    "shuffle_caption",
    "max_token_length",
    "noise_offset",
    "min_snr_gamma",
    "flip_aug",
    "color_aug",
    "seed",
)
_NUMERIC = (Kind.INTEGER, Kind.FLOAT, Kind.STEPS_OR_RATIO)
_COLUMN = "r.all_parameters"

# The mean over prompts of the mean over images, as everywhere: a prompt with many seeds counts once.
_PROGRESSION = """
WITH per_prompt AS (
    SELECT run_id, epoch, metric, prompt, avg(value) AS mean, count(value) AS images
    FROM prompt_test_results GROUP BY run_id, epoch, metric, prompt
), per_epoch AS (
    SELECT run_id, epoch, metric, avg(mean) AS mean, count(mean) AS prompts, CAST(sum(images) AS bigint) AS images
    FROM per_prompt GROUP BY run_id, epoch, metric
)
SELECT run_name, epoch, metric, mean, prompts, images,
       mean - lag(mean) OVER (PARTITION BY run_id, metric ORDER BY epoch) AS change
FROM per_epoch JOIN training_runs USING (run_id)
"""


def statements(dialect: str) -> list[str]:
    """The SQL that makes the views and the indexes of parameters, to be run in this order."""
    option = " WITH (security_invoker = true)" if dialect == "postgresql" else ""  # or a view would show what its reader may not see
    made = []
    for name, query in _queries(dialect).items():
        made += [f"DROP VIEW IF EXISTS {name}", f"CREATE VIEW {name}{option} AS\n{query.strip()}"]
    return made + _indexes(dialect)


def view_names() -> tuple[str, ...]:
    """The names of the views."""
    return tuple(_queries("sqlite"))


def digest(dialect: str) -> str:
    """What tells these views from those of another catalogue."""
    return hashlib.blake2b("\n".join(statements(dialect)).encode(), digest_size=8).hexdigest()


def create(connection: Connection) -> None:
    """Make the views and the indexes of parameters anew."""
    for statement in statements(connection.dialect.name):
        connection.exec_driver_sql(statement.replace("%", "%%") if connection.dialect.name == "postgresql" else statement)


def _queries(dialect: str) -> dict[str, str]:
    return {
        "v_epoch_metrics_progression": _PROGRESSION,
        "v_training_comparison": _comparison(dialect),
        "v_parameter_correlation_data": _correlation(dialect),
    }


def _comparison(dialect: str) -> str:
    """One row for each run. ``all_parameters`` is flat here, so that ``all_parameters ->> 'network_dim'`` finds its value."""
    return f"""
SELECT r.run_name, r.status, r.trainer, r.base_model, r.parent, r.dataset_digest, r.started_at, r.finished_at,
       (SELECT count(*) FROM epoch_results e WHERE e.run_id = r.run_id AND e.is_checkpoint) AS checkpoints,
       {_columns(dialect, TRACKED)},
       r.outcome,
       {_FLAT[dialect]} AS all_parameters
FROM training_runs r
"""  # noqa: S608 - made of our own names only


def _correlation(dialect: str) -> str:
    """One row for each run and metric: every tracked number, and the metric's last, least, greatest and best value."""
    numbers = [name for name in TRACKED if find(name).kind in {*_NUMERIC, Kind.BOOLEAN}]
    from lorascope.evaluation.metric import Direction  # they bring NumPy, which a store that has its views does not wait for
    from lorascope.evaluation.metrics import METRICS

    best = {direction: _literals(metric.name for metric in METRICS if metric.direction is direction) for direction in Direction}
    return f"""
SELECT r.run_name, r.trainer, s.metric, s.source, s.points, s.last_value, s.min_value, s.max_value,
       CASE WHEN s.metric IN ({best[Direction.HIGHER]}) THEN s.max_value
            WHEN s.metric IN ({best[Direction.LOWER]}) THEN s.min_value END AS best_value,
       {_columns(dialect, numbers, as_numbers=True)}
FROM training_runs r LEFT JOIN metric_series s ON s.run_id = r.run_id
"""  # noqa: S608


def _literals(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "NULL"


def _columns(dialect: str, names: Iterable[str], *, as_numbers: bool = False) -> str:
    return ",\n       ".join(f"{_typed(dialect, name, as_number=as_numbers)} AS {name}" for name in names)


def _typed(dialect: str, name: str, *, as_number: bool) -> str:
    """A parameter as a column of its kind; a value of another kind ("auto" where a number belongs) is NULL."""
    kind, path = find(name).kind, (json_paths.group_of(name), name)
    if dialect == "postgresql":
        if as_number or kind in _NUMERIC:
            return json_paths.number(dialect, _COLUMN, *path)
        found = json_paths.value(dialect, _COLUMN, *path)
        if kind is Kind.BOOLEAN:
            return f"CASE jsonb_typeof({found}) WHEN 'boolean' THEN {found}::boolean END"
        return json_paths.text(dialect, _COLUMN, *path)
    found = json_paths.value(dialect, _COLUMN, *path)
    types = (
        "'integer', 'real', 'true', 'false'" if as_number or kind in _NUMERIC else "'true', 'false'" if kind is Kind.BOOLEAN else "'text'"
    )
    return f"CASE WHEN {found.replace('json_extract', 'json_type', 1)} IN ({types}) THEN {found} END"


_FLAT = {
    "postgresql": (
        "(SELECT coalesce(jsonb_object_agg(p.key, p.value), '{}') "
        "FROM jsonb_each(r.all_parameters) g CROSS JOIN LATERAL jsonb_each(g.value) p)"
    ),
    "sqlite": (
        "(SELECT json_group_object(p.key, CASE p.type WHEN 'true' THEN json('true') WHEN 'false' THEN json('false') "
        "WHEN 'array' THEN json(p.value) WHEN 'object' THEN json(p.value) ELSE p.value END) "
        "FROM json_each(r.all_parameters) g, json_each(g.value) p)"
    ),
}


def _indexes(dialect: str) -> list[str]:
    """Indexes of the tracked parameters, on the very expressions that ``where_sql.py`` asks with."""
    made = []
    for name in TRACKED:
        kind, path = find(name).kind, (json_paths.group_of(name), name)
        if kind is Kind.BOOLEAN:
            continue  # half of all runs have it: no index helps
        of_kind = json_paths.number if kind in _NUMERIC else json_paths.text
        made.append(f"DROP INDEX IF EXISTS ix_parameter_{name}")
        made.append(f"CREATE INDEX ix_parameter_{name} ON training_runs (({of_kind(dialect, 'all_parameters', *path)}))")
    return made
