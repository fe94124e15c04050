"""A configuration for sd-scripts that would train a LoRA file again: from its metadata, with ranks and precision from its tensors."""

from __future__ import annotations

from collections.abc import Mapping

from lorascope.parameters.dialects.kohya import write_kohya_toml
from lorascope.records.lora import LayerKind, LoraFile, LoraModule, LoraOrigin, ModuleState
from lorascope.records.run import JsonValue, ParameterValue
from lorascope.reports.wording import counted, one_line, shortened

_SAVED = {"F16": "fp16", "BF16": "bf16", "F32": "float"}
_LYCORIS = {"LoHa": "loha", "LoKr": "lokr", "GLoRA": "glora", "full": "full", "(IA)3": "ia3", "OFT": "diag-oft", "BOFT": "boft"}
# what decides the result and is in no metadata (trainer-side: train_network.py's metadata dictionary)
_NEVER_RECORDED = (
    "network_weights, base_weights and resume (a LoRA to start from), lr_scheduler_num_cycles and other scheduler arguments, "
    "caption_extension, max_data_loader_n_workers, xformers or sdpa, full_bf16, cache_text_encoder_outputs, masked_loss, "
    "weighted_captions, token_warmup_step"
)


def recipe_toml(lora: LoraFile, origin: LoraOrigin) -> str:
    """A config_file in TOML. Comments say where values come from and what must be filled in."""
    parameters, doubts = recipe(lora, origin)
    said = {name: value for name, value in parameters.items() if name not in _PLACES}
    return "\n".join(
        [
            f"# Read from {_comment(lora.file.replace(chr(92), '/').rpartition('/')[2])} by lorascope inspect --recipe, for sd-scripts.",
            "# Settings are those in its metadata; ranks, alphas, covered parts and precision are those of its tensors.",
            *(f"# Look at this: {_comment(doubt)}" for doubt in doubts),
            "",
            "# Fill in: the metadata hold no paths.",
            f"pretrained_model_name_or_path = {_quoted(origin.base_model or 'FILL_IN')}  # the name that was recorded; give its path",
            'train_data_dir = "FILL_IN"' + _folders(origin.kept),
            'output_dir = "FILL_IN"',
            f"output_name = {_quoted((origin.training or 'lora') + '_again')}",
            'caption_extension = ".txt"  # not recorded; the trainer itself takes .caption',
            "",
            "# From the file",
            write_kohya_toml(said).rstrip(),
            "",
            *_wrapped(f"Not recorded anywhere, and at the trainer's defaults here: {_NEVER_RECORDED}."),
            "",
        ]
    )


_PLACES = frozenset("pretrained_model_name_or_path train_data_dir output_dir output_name caption_extension".split())


def recipe(lora: LoraFile, origin: LoraOrigin) -> tuple[dict[str, ParameterValue], tuple[str, ...]]:
    """The parameters of a training that would give such a file again, and what is doubtful about them."""
    parameters: dict[str, ParameterValue] = {
        name: value for name, value in origin.parameters.items() if value is not None and not (value == "" and name != "caption_separator")
    }
    doubts: list[str] = []
    if not any(key.startswith("ss_") for key in origin.kept) and not parameters:
        doubts.append("the file holds no metadata: everything but ranks and precision is the trainer's default")
    _take_network(parameters, lora, doubts)
    _take_ranks(parameters, lora, doubts)
    _take_length(parameters, origin, doubts)
    precision = next((_SAVED[dtype] for dtype in lora.dtypes if dtype in _SAVED), None)
    if precision is not None:
        parameters["save_precision"] = precision
    if not lora.coverage.text_encoder.adapted:
        parameters["network_train_unet_only"] = True
    elif not lora.coverage.unet.adapted:
        parameters["network_train_text_encoder_only"] = True
    parameters.setdefault("save_every_n_epochs", 1)
    if "train_batch_size" not in parameters:
        doubts.append("train_batch_size is not in the metadata: it is 1 here")
    if "resolution" not in parameters:
        parameters["resolution"] = "1024,1024" if lora.family.value == "SDXL" else "512,512"
        doubts.append(f"resolution is not in the metadata: {parameters['resolution']} is the base model's own")
    return parameters, tuple(doubts)


def _take_network(parameters: dict[str, ParameterValue], lora: LoraFile, doubts: list[str]) -> None:
    algorithms = sorted({module.algorithm.removesuffix(" + DoRA") for module in lora.modules} - {"norm", "bias"})
    if "network_module" in parameters or not algorithms:
        return
    own = {"LoRA"} >= set(algorithms)
    parameters["network_module"] = "networks.lora" if own else "lycoris.kohya"
    if not own:
        algorithm = next((_LYCORIS[name] for name in algorithms if name in _LYCORIS), "locon")
        parameters["network_args"] = f"algo={algorithm}"
        doubts.append(f"network_args holds algo={algorithm} only; LyCORIS's preset and factor are not in the file")


def _take_ranks(parameters: dict[str, ParameterValue], lora: LoraFile, doubts: list[str]) -> None:
    """Rank and alpha as the tensors have them; they outweigh the metadata, which a resize leaves behind."""
    modules = [module for module in lora.modules if module.state is not ModuleState.BROKEN]
    groups = (
        ("network_dim", "network_alpha", [module for module in modules if module.kind is not LayerKind.CONVOLUTION]),
        ("conv_dim", "conv_alpha", [module for module in modules if module.kind is LayerKind.CONVOLUTION]),
    )
    for dim, alpha, group in groups:
        rank = _usual(group, "rank")
        if rank is None:
            continue
        parameters[dim] = int(rank)
        found = _usual(group, "alpha")
        if found is not None:
            parameters[alpha] = float(f"{found:.6g}")
        elif all(module.alpha is None for module in group) and lora.tensor_hash is not None:
            parameters[alpha] = float(rank)
        ranks = {module.rank for module in group if module.rank}
        if len(ranks) > 1:
            doubts.append(f"ranks differ from module to module ({min(ranks)} to {max(ranks)}): {dim} is the most frequent one")


def _usual(group: list[LoraModule], name: str) -> float | None:
    """The most frequent value; the smallest of equally frequent ones."""
    values = [value for module in group if (value := getattr(module, name)) is not None]
    return min(set(values), key=lambda value: (-values.count(value), value)) if values else None


def _take_length(parameters: dict[str, ParameterValue], origin: LoraOrigin, doubts: list[str]) -> None:
    total, per_epoch = parameters.get("total_steps"), parameters.get("steps_per_epoch")
    if origin.epochs and (not isinstance(total, int) or not isinstance(per_epoch, int) or total == origin.epochs * per_epoch):
        parameters["max_train_epochs"] = origin.epochs
        parameters.pop("max_train_steps", None)
    elif isinstance(total, int) and total > 0:
        parameters["max_train_steps"] = total
    else:
        doubts.append("how long it was trained is not in the metadata: without max_train_epochs the trainer does 1600 steps")


def _folders(kept: Mapping[str, JsonValue]) -> str:
    """Which folders of images there were, as a comment: repeats are in their names."""
    folders = kept.get("ss_dataset_dirs")
    if not isinstance(folders, dict) or not folders:
        return ""
    parts = []
    for name, facts in list(folders.items())[:4]:
        images = facts.get("img_count") if isinstance(facts, dict) else None
        parts.append(f"{shortened(one_line(name))} ({counted(images, 'image')})" if isinstance(images, int) else shortened(one_line(name)))
    more = f" and {len(folders) - 4} more" if len(folders) > 4 else ""
    return f"  # it held {_comment(', '.join(parts))}{more}"


def _comment(text: str) -> str:
    return " ".join(one_line(text).split())


def _quoted(text: str) -> str:
    return '"' + _comment(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _wrapped(text: str, width: int = 118) -> list[str]:
    lines, line = [], "#"
    for word in text.split():
        if len(line) + len(word) + 1 > width:
            lines.append(line)
            line = "#"
        line += f" {word}"
    return [*lines, line]
