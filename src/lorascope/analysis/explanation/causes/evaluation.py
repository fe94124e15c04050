"""Causes outside the training: how it was judged. And what is left when no cause of the list fits."""

from __future__ import annotations

from lorascope.analysis.explanation.causes.cause_kind import Aspect, CauseKind, Check, Fact

UNLISTED, NOISE = "unlisted", "noise_only"

EVALUATION = (
    CauseKind(
        "eval_protocol_changed", "evaluated in another way",
        "other prompts, sampler, steps, guidance, adapter strength or version of the metric: the numbers moved and the model did not",
        Check.EVALUATE, "tiny runs: guidance 2 to 5 alone doubled the color error; distances are not comparable across protocols",
        effects={},
        facts=(Fact.PROTOCOL,),
        test="evaluate the good run once more under today's protocol",
        command="lorascope evaluate {good}",
    ),
    CauseKind(
        "wrong_file_evaluated", "another file was evaluated",
        "the pictures were drawn with an earlier checkpoint, another run's file, or none at all",
        Check.METADATA, "sd-scripts: the last epoch has no number in its name; sshs_model_hash names the tensors",
        effects={Aspect.STYLE: -1.0, Aspect.DETAIL: -0.6, Aspect.COLOR: -0.5, Aspect.PROMPT: -0.6, Aspect.OVERALL: -0.8},
        facts=(Fact.FILE,),
        test="compare the tensor hash of the evaluated file with that of the run's checkpoint",
        command="lorascope inspect FILE",
    ),
)  # fmt: skip

RESIDUAL = (
    CauseKind(
        UNLISTED, "something that is not on this list",
        "another base model or VAE, a driver, a library, a setting that this list does not know",
        Check.REPEAT, "what no listed cause explains",
        test="repeat a good run exactly: if it comes out well again, the settings make the difference; if not, the surroundings do",
    ),
    CauseKind(
        NOISE, "chance alone",
        "trainings of one configuration differ, and so do eight pictures of one checkpoint",
        Check.SEEDS, "same seed, other result: OneTrainer#803, sd-scripts#1559",
        test="evaluate this run and the good one on more prompts and seeds",
        command="lorascope evaluate {run}",
    ),
)  # fmt: skip
