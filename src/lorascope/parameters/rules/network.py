"""The adapter: rank, alpha, the parts it covers, and precision."""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.errors import did_you_mean, nearest
from lorascope.parameters.derived import adapter_scale
from lorascope.parameters.rules.configuration import Configuration, Said, Scope
from lorascope.parameters.rules.rule import Example, Gravity, LintFinding, Rule, removed, set_to

# what networks.lora takes through network_args (networks/lora.py, create_network); it passes over all others
NETWORK_ARGUMENTS = (
    "block_alphas",
    "block_dims",
    "block_lr_zero_threshold",
    "conv_alpha",
    "conv_block_alphas",
    "conv_block_dims",
    "conv_dim",
    "down_lr_weight",
    "loraplus_lr_ratio",
    "loraplus_text_encoder_lr_ratio",
    "loraplus_unet_lr_ratio",
    "mid_lr_weight",
    "module_dropout",
    "rank_dropout",
    "up_lr_weight",
    "verbose",
)


def plain_lora(training: Scope) -> bool:
    """Whether the network is networks.lora, which is also what is meant when none is named."""
    return training.value("network_module") in {None, "networks.lora"}


def _conv_alpha(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    said = training.said("conv_alpha")
    if said is not None and plain_lora(training) and not training.said("conv_dim"):
        yield CONV_ALPHA.at(
            said,
            f"conv_alpha = {said.value} does nothing without conv_dim: no 3x3 convolution is adapted",
            "add conv_dim, or remove conv_alpha",
        )


CONV_ALPHA = Rule(
    "conv-alpha-without-conv-dim",
    "conv_alpha without conv_dim",
    Gravity.NO_EFFECT,
    "For networks.lora convolutions are adapted only when conv_dim is set. For lycoris.kohya an unset conv_dim is network_dim.",
    _conv_alpha,
    "networks/lora.py:438",
    good=(Example('network_module = "networks.lora"\nnetwork_args = ["conv_dim=4", "conv_alpha=1"]\n'),),
    bad=(Example('network_module = "networks.lora"\nnetwork_args = ["conv_alpha=1"]\n', "network_args"),),
)


def _scale(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    dim, alpha = training.said("network_dim"), training.said("network_alpha")
    if dim is None or not training.on("network_dim"):
        return
    rank, value = int(training.number("network_dim")), training.number("network_alpha")
    scale = adapter_scale(rank, value)
    if alpha is not None and not value:
        yield SCALE.at(alpha, f"network_alpha = 0 does not switch anything off: it means alpha = network_dim = {rank}, a scale of 1")
    elif scale < 0.999 or scale > 1.001:
        unsaid = "" if alpha else " (alpha 1 is the default)"
        yield SCALE.at(
            alpha or dim,
            f"the adapter's scale is alpha / dim = {value:g} / {rank} = {scale:.4g}{unsaid}; the same alpha at another "
            "rank is another strength",
            "keep alpha / dim fixed when you compare ranks",
        )


SCALE = Rule(
    "adapter-scale",
    "the adapter's scale, alpha / dim",
    Gravity.NOTE,
    "What is learned is multiplied by alpha / dim. A sweep over ranks at one alpha changes rank and strength together: "
    "neither can be told from the other.",
    _scale,
    "networks/lora.py:71",
    good=(Example("network_dim = 16\nnetwork_alpha = 16\n"), Example("network_alpha = 1\n")),
    bad=(
        Example("network_dim = 32\nnetwork_alpha = 16\n", "network_alpha"),
        Example("network_dim = 32\nnetwork_alpha = 0\n", "network_alpha"),
        Example("network_dim = 32\n", "network_dim"),
    ),
)


def _network_arguments(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    if not plain_lora(training):
        return
    for document in configuration.config_files():
        entry = document.entry("network_args")
        for text in entry.value if entry and isinstance(entry.value, list) else ():
            name, equals, _ = str(text).partition("=")
            if entry is None or name in NETWORK_ARGUMENTS or name == "dropout":
                continue
            said = Said(document.file, entry, None)
            if not equals:
                yield NETWORK_ARGUMENT.at(
                    said, f'"{name}" in network_args has no = and stops sd-scripts', f'"{name}=VALUE"', severity=Gravity.ABORT
                )
                continue
            close = nearest(name, NETWORK_ARGUMENTS, 1)
            change = None
            if close and isinstance(entry.value, list):
                change = set_to(entry, [f"{close[0]}={str(item).partition('=')[2]}" if item == text else item for item in entry.value])
            yield NETWORK_ARGUMENT.at(
                said,
                f"{name} in network_args is nothing that networks.lora knows: it is passed over without a word",
                did_you_mean(name, NETWORK_ARGUMENTS),
                change,
            )


NETWORK_ARGUMENT = Rule(
    "unknown-network-argument",
    "an argument that networks.lora does not have",
    Gravity.WRONG,
    "network_args are handed to the network module, and networks.lora ignores names it does not know.",
    _network_arguments,
    "networks/lora.py:429",
    good=(
        Example('network_args = ["conv_dim=4", "rank_dropout=0.1"]\n'),
        Example('network_module = "lycoris.kohya"\nnetwork_args = ["algo=loha"]\n'),
    ),
    bad=(Example('network_args = ["con_dim=4"]\n', "network_args", 'network_args = ["conv_dim=4"]\n'),),
)


def _text_encoder_list(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.config_files():
        entry = document.entry("text_encoder_lr")
        values = entry.value if entry else None
        if entry is not None and isinstance(values, list) and len(values) > 1 and plain_lora(configuration.training):
            differ = len({str(value) for value in values}) > 1
            yield TEXT_ENCODER_LIST.at(
                Said(document.file, entry, None),
                f"text_encoder_lr = {values}: networks.lora uses the first value for every text encoder",
                f"text_encoder_lr = {values[0]}",
                set_to(entry, values[0], evident=not differ),
                Gravity.WRONG if differ else Gravity.NOTE,
            )


TEXT_ENCODER_LIST = Rule(
    "text-encoder-rates-listed",
    "several learning rates for text encoders",
    Gravity.WRONG,
    "For SDXL people give two rates; networks.lora has one group for both text encoders.",
    _text_encoder_list,
    "train_network.py:741",
    good=(Example("text_encoder_lr = 5e-5\n"), Example("text_encoder_lr = [5e-5]\n")),
    bad=(Example("text_encoder_lr = [5e-5, 1e-5]\n", "text_encoder_lr"),),
)


def _idle_text_encoder(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    said = training.said("text_encoder_lr")
    if said is None or not said.entry.place:
        return
    if training.on("network_train_unet_only") and training.on("text_encoder_lr"):
        yield IDLE_TEXT_ENCODER.at(
            said,
            f"text_encoder_lr = {said.value} does nothing: network_train_unet_only leaves the text encoder out",
            "remove one of the two",
            removed(said.entry),
        )
    elif (
        not training.on("text_encoder_lr") and not training.on("network_train_unet_only") and configuration.documents[0].dialect == "kohya"
    ):
        yield IDLE_TEXT_ENCODER.at(
            said,
            "text_encoder_lr = 0 trains no text encoder, but its weights are saved as zeros and each step pays for its gradients",
            "network_train_unet_only = true saves both",
            severity=Gravity.NOTE,
        )


IDLE_TEXT_ENCODER = Rule(
    "idle-text-encoder",
    "a text encoder that does not learn",
    Gravity.NO_EFFECT,
    "A learning rate of 0 skips the group in the optimizer; the adapter's modules are there nevertheless.",
    _idle_text_encoder,
    "networks/lora.py:1148",
    good=(Example("text_encoder_lr = 5e-5\n"), Example("network_train_unet_only = true\n")),
    bad=(
        Example("network_train_unet_only = true\ntext_encoder_lr = 5e-5\n", "text_encoder_lr", "network_train_unet_only = true\n"),
        Example("text_encoder_lr = 0.0\n", "text_encoder_lr"),
    ),
)


def _half(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    mixed = training.text("mixed_precision")
    for name, wanted in (("full_fp16", "fp16"), ("full_bf16", "bf16")):
        said = training.said(name)
        if said is not None and training.on(name) and mixed != wanted:
            yield HALF.at(
                said,
                f"{name} needs mixed_precision = {wanted}, but it is {mixed}: sd-scripts stops at an assertion",
                f'remove {name}, or set mixed_precision = "{wanted}"',
            )


HALF = Rule(
    "full-precision-mismatch",
    "full_fp16 or full_bf16 with another mixed_precision",
    Gravity.ABORT,
    "full_fp16 keeps the adapter's weights, gradients and optimizer in half precision; both settings must name the same type.",
    _half,
    "train_util.py:3988",
    good=(Example('mixed_precision = "fp16"\nfull_fp16 = true\n'),),
    bad=(Example('mixed_precision = "bf16"\nfull_fp16 = true\n', "full_fp16"), Example("full_bf16 = true\n", "full_bf16")),
)


def _saved_as(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    if (
        configuration.has_training()
        and not training.said("save_precision")
        and not training.on("full_fp16")
        and not training.on("full_bf16")
    ):
        yield SAVED_AS.about(
            configuration.file,
            "save_precision",
            "save_precision is not said: files are saved as 32-bit floats, twice the size of fp16",
            'save_precision = "fp16"',
        )


SAVED_AS = Rule(
    "saved-as-float32",
    "files in 32-bit precision",
    Gravity.NOTE,
    "Without save_precision the adapter is saved as it was trained, which is float unless full_fp16 or full_bf16 is on.",
    _saved_as,
    "train_util.py:3840",
    good=(Example('save_precision = "fp16"\n'),),
    bad=(Example('mixed_precision = "fp16"\n', "save_precision"),),
)

_ATTENTION = ("mem_eff_attn", "xformers", "sdpa")


def _attention(configuration: Configuration) -> Iterator[LintFinding]:
    on = [said for name in _ATTENTION if configuration.training.on(name) and (said := configuration.training.said(name))]
    for said in on[1:]:
        yield ATTENTION.at(said, f"{said.entry.key} does nothing: {on[0].entry.key} is taken first", "keep one", removed(said.entry))


ATTENTION = Rule(
    "two-attentions",
    "more than one implementation of attention",
    Gravity.NO_EFFECT,
    "Of mem_eff_attn, xformers and sdpa the first one that is on is used.",
    _attention,
    "train_util.py:3939",
    good=(Example("sdpa = true\n"),),
    bad=(Example("xformers = true\nsdpa = true\n", "sdpa", "xformers = true\n"),),
)


def _clip_skip(configuration: Configuration) -> Iterator[LintFinding]:
    said = configuration.training.said("clip_skip")
    if said is not None and configuration.family == "sdxl" and configuration.training.number("clip_skip") > 1:
        yield CLIP_SKIP.at(
            said,
            f"clip_skip = {said.value} does nothing for SDXL, though it is written into the file's metadata",
            "remove it",
            removed(said.entry),
        )


CLIP_SKIP = Rule(
    "clip-skip-with-sdxl",
    "clip_skip with SDXL",
    Gravity.NO_EFFECT,
    "SDXL always takes the layers it was made with.",
    _clip_skip,
    "train_util.py:4020",
    good=(Example('pretrained_model_name_or_path = "v1-5-pruned.safetensors"\nclip_skip = 2\n'),),
    bad=(
        Example(
            'pretrained_model_name_or_path = "sd_xl_base_1.0.safetensors"\nclip_skip = 2\n',
            "clip_skip",
            'pretrained_model_name_or_path = "sd_xl_base_1.0.safetensors"\n',
        ),
    ),
)

NETWORK_RULES = (
    CONV_ALPHA,
    SCALE,
    NETWORK_ARGUMENT,
    TEXT_ENCODER_LIST,
    IDLE_TEXT_ENCODER,
    HALF,
    SAVED_AS,
    ATTENTION,
    CLIP_SKIP,
)
