"""The views: what people query by hand. They hold no data, so every migration makes them anew."""

from __future__ import annotations

from sqlalchemy import Connection

from lorascope.parameters.catalogue import grouped

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

# The mean over prompts of the mean over images, as everywhere: a prompt with many seeds counts once.
_PROGRESSION = """
CREATE VIEW v_epoch_metrics_progression AS
WITH per_prompt AS (
    SELECT run_id, epoch, metric, prompt, avg(value) AS mean, count(value) AS images
    FROM prompt_test_results GROUP BY run_id, epoch, metric, prompt
), per_epoch AS (
    SELECT run_id, epoch, metric, avg(mean) AS mean, count(mean) AS prompts, sum(images) AS images
    FROM per_prompt GROUP BY run_id, epoch, metric
)
SELECT run_name, epoch, metric, mean, prompts, images,
       mean - lag(mean) OVER (PARTITION BY run_id, metric ORDER BY epoch) AS change
FROM per_epoch JOIN training_runs USING (run_id)
"""


def create(connection: Connection) -> None:
    """Make the views anew."""
    for name, sql in {"v_epoch_metrics_progression": _PROGRESSION, "v_training_comparison": _comparison()}.items():
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
        connection.exec_driver_sql(sql)


def _comparison() -> str:
    category = {name: group for group, members in grouped(dict.fromkeys(TRACKED)).items() for name in members}
    parameters = ",\n       ".join(f"json_extract(all_parameters, '$.{category[name]}.{name}') AS {name}" for name in TRACKED)
    return f"""
CREATE VIEW v_training_comparison AS
SELECT run_name, status, trainer, base_model, parent, dataset_digest, started_at, finished_at,
       (SELECT count(*) FROM epoch_results e WHERE e.run_id = r.run_id AND e.is_checkpoint) AS checkpoints,
       {parameters},
       outcome
FROM training_runs r
"""  # noqa: S608 - made of our own names only
