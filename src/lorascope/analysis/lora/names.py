"""Understand the names of a LoRA file's tensors, whichever trainer wrote them: which layer, and which of its factors.

Names seen: sd-scripts and LyCORIS (``lora_unet_…lora_down.weight``), diffusers and PEFT, new and old (``unet.….lora_A.weight``,
``….to_q.lora.down.weight``, ``….processor.to_q_lora.down.weight``), ComfyUI (``diffusion_model.…``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lorascope.records.lora import Family, LayerKind, Part

# ending of a tensor's name → which factor it is. LyCORIS: lycoris/modules/*.py, weight_list.
_ROLES: Mapping[str, str] = {
    ".lora_down.weight": "down",
    ".lora_up.weight": "up",
    ".lora_mid.weight": "mid",
    ".lora_A.weight": "down",
    ".lora_B.weight": "up",
    ".lora_A.default.weight": "down",
    ".lora_B.default.weight": "up",
    ".lora_A": "down",
    ".lora_B": "up",
    ".lora.down.weight": "down",
    ".lora.up.weight": "up",
    "_lora.down.weight": "down",
    "_lora.up.weight": "up",
    ".lora_linear_layer.down.weight": "down",
    ".lora_linear_layer.up.weight": "up",
    ".lora_magnitude_vector": "dora_scale",
    ".lora_magnitude_vector.weight": "dora_scale",
    ".lora_magnitude_vector.default.weight": "dora_scale",
    ".dora_scale": "dora_scale",
    ".alpha": "alpha",
    ".scalar": "scalar",
    **{f".{role}": role for role in ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2")},
    **{f".{role}": role for role in ("lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2")},
    **{f".{role}.weight": role for role in ("a1", "a2", "b1", "b2", "bm")},
    ".diff": "diff",
    ".diff_b": "diff_b",
    ".w_norm": "w_norm",
    ".b_norm": "b_norm",
    ".oft_blocks": "oft_blocks",
    ".oft_diag": "oft_blocks",
    ".oft_R.weight": "oft_blocks",
    ".rescale": "rescale",
    ".on_input": "on_input",
    ".weight": "ia3",
    ".ia3_l": "ia3",
    ".bias": "bias",
    ".lora_up.bias": "bias",
    ".lora_B.bias": "bias",
}
# The longest ending first, so that lora_down.weight is not taken for a weight.
_ENDINGS = re.compile("(" + "|".join(re.escape(ending) for ending in sorted(_ROLES, key=len, reverse=True)) + ")$")
ROLES = frozenset(_ROLES.values())

# beginning of a module's name → (part, how the file names things). The first that fits counts.
_PREFIXES: tuple[tuple[str, Part, str], ...] = (
    ("lora_unet_", Part.UNET, "kohya"),
    ("oft_unet_", Part.UNET, "kohya"),
    ("lora_te1_", Part.TEXT_ENCODER, "kohya"),
    ("lora_te2_", Part.TEXT_ENCODER_2, "kohya"),
    ("lora_te_", Part.TEXT_ENCODER, "kohya"),
    ("lora_te3_", Part.OTHER, "kohya"),
    ("lora_transformer_", Part.OTHER, "kohya"),
    ("lycoris_", Part.UNET, "lycoris"),
    ("model.diffusion_model.", Part.UNET, "comfyui"),
    ("diffusion_model.", Part.UNET, "comfyui"),
    ("text_encoders.clip_l.transformer.", Part.TEXT_ENCODER, "comfyui"),
    ("text_encoders.clip_g.transformer.", Part.TEXT_ENCODER_2, "comfyui"),
    ("text_encoders.", Part.OTHER, "comfyui"),
    ("text_encoder_2.", Part.TEXT_ENCODER_2, "diffusers"),
    ("text_encoder.", Part.TEXT_ENCODER, "diffusers"),
    ("unet.", Part.UNET, "diffusers"),
    ("transformer.", Part.OTHER, "diffusers"),
    ("base_model.model.", Part.UNET, "diffusers"),
)
_TEXT_LAYER = re.compile(r"(?:text_model_)?encoder_layers_\d+_(self_attn|mlp)_")
_DIFFUSERS_BLOCK = re.compile(r"(?:(down|up)_blocks_(\d{1,2})|(mid)_block)_(attentions|resnets|downsamplers|upsamplers)_(\d{1,2})_(.*)")
_ORIGINAL_BLOCK = re.compile(r"(input_blocks|output_blocks|middle_block)_(\d{1,2})_(?:(\d)_)?(.*)")
# each group is named after the LayerKind; the first that is found in a path counts
_KINDS = re.compile(
    r"_(?:(?P<SELF_ATTENTION>attn1_)|(?P<CROSS_ATTENTION>attn2_)|(?P<FEED_FORWARD>ff_net_)|(?P<PROJECTION>proj_(?:in|out)$)"
    r"|(?P<POINTWISE>(?:time_emb_proj|conv_shortcut|emb_layers_1|skip_connection)$)"
    r"|(?P<CONVOLUTION>(?:conv1|conv2|conv|in_layers_2|out_layers_3|op)$))"
)
# what the pieces of a residual block are called: diffusers → the original code, which SDXL files of sd-scripts keep
_RESIDUAL = {
    "conv1": "in_layers_2",
    "conv2": "out_layers_3",
    "time_emb_proj": "emb_layers_1",
    "conv_shortcut": "skip_connection",
    "norm1": "in_layers_0",
    "norm2": "out_layers_0",
}
_ORIGINAL_RESIDUAL = {original: ours for ours, original in _RESIDUAL.items()}


@dataclass(frozen=True, slots=True)
class LayerName:
    """What a module's name says. ``path`` is the layer in the base model, underscored; ``naming`` is who names things so."""

    part: Part
    kind: LayerKind
    path: str
    naming: str


def grouped(names: Iterable[str]) -> tuple[dict[str, dict[str, str]], tuple[str, ...]]:
    """The tensors of each module as {module: {role: tensor}}, and the tensors whose names are not understood.

    >>> grouped(["lora_unet_a.lora_up.weight", "lora_unet_a.alpha", "clip_l.logit"])
    ({'lora_unet_a': {'up': 'lora_unet_a.lora_up.weight', 'alpha': 'lora_unet_a.alpha'}}, ('clip_l.logit',))
    """
    modules: dict[str, dict[str, str]] = {}
    unknown = []
    for name in names:
        stem, dot, ending = name.partition(".")
        role = _ROLES.get(dot + ending)  # the names of sd-scripts have no point but here: most files are done at once
        if role is None:
            found = _ENDINGS.search(name)
            if found is None:
                unknown.append(name)
                continue
            stem, role = name[: found.start()], _ROLES[found[1]]
        roles = modules.setdefault(stem, {}) if stem else {role: ""}
        if roles.setdefault(role, name) != name:  # no module, or two spellings of one factor: the first counts
            unknown.append(name)
    return modules, tuple(unknown)


def layer_name(module: str) -> LayerName:
    """Which layer a module adapts.

    >>> layer_name("unet.down_blocks.0.attentions.1.transformer_blocks.0.attn1.processor.to_out_lora").path
    'down_blocks_0_attentions_1_transformer_blocks_0_attn1_to_out_0'
    >>> layer_name("lora_te1_text_model_encoder_layers_3_mlp_fc1").kind.value
    'text mlp'
    """
    part, naming, rest = Part.OTHER, "unknown", module
    for prefix, prefix_part, prefix_naming in _PREFIXES:
        if module.startswith(prefix):
            part, naming, rest = prefix_part, prefix_naming, module[len(prefix) :]
            break
    path = rest
    if "." in path:
        path = path.replace(".", "_").replace("_processor_", "_").removeprefix("base_model_model_")
        path = path.removesuffix("_lora").removesuffix("_lora_linear_layer")
    if path.endswith(("attn1_to_out", "attn2_to_out")):
        path += "_0"
    text = _TEXT_LAYER.match(path)
    if text is not None:
        part = Part.TEXT_ENCODER if part in {Part.UNET, Part.OTHER} else part
        kind = LayerKind.TEXT_ATTENTION if text[1] == "self_attn" else LayerKind.TEXT_MLP
        return LayerName(part, kind, path if path.startswith("text_model_") else f"text_model_{path}", naming)
    if part is Part.OTHER and naming == "unknown" and (_DIFFUSERS_BLOCK.match(path) or _ORIGINAL_BLOCK.match(path)):
        part, naming = Part.UNET, "diffusers"  # the U-Net's own LoRA of old diffusers scripts, without a prefix
    found = _KINDS.search(path)
    kind = LayerKind[found.lastgroup] if found is not None and found.lastgroup is not None else LayerKind.OTHER
    return LayerName(part, kind, path, naming)


def in_sdxl_names(path: str) -> str:
    """A U-Net layer of SDXL under the name sd-scripts gives it, from diffusers' name; others stay as they are.

    >>> in_sdxl_names("down_blocks_2_attentions_0_proj_in"), in_sdxl_names("mid_block_resnets_1_conv1")
    ('input_blocks_7_1_proj_in', 'middle_block_2_in_layers_2')
    """
    match = _DIFFUSERS_BLOCK.match(path)
    if match is None:
        return path
    direction, middle, group, rest = match[1], match[3], match[4], match[6]
    block, index = int(match[2] or 0), int(match[5])
    attention = group == "attentions"
    rest = rest if attention else _RESIDUAL.get(rest, rest)
    if middle:
        return f"middle_block_{1 if attention else 2 * index}_{rest}"
    if group == "downsamplers":
        return f"input_blocks_{3 * block + 3}_0_op"
    if group == "upsamplers":  # the last in its block; the first block after attention has it in third place
        return f"output_blocks_{3 * block + 2}_2_conv"
    at = 3 * block + index + (1 if direction == "down" else 0)
    return f"{'input' if direction == 'down' else 'output'}_blocks_{at}_{1 if attention else 0}_{rest}"


def in_sd_names(path: str) -> str:
    """A U-Net layer of SD 1.x or 2.x under the name sd-scripts gives it, from the original code's (which ComfyUI uses).

    >>> in_sd_names("input_blocks_4_1_proj_in"), in_sd_names("output_blocks_5_2_conv"), in_sd_names("middle_block_0_in_layers_2")
    ('down_blocks_1_attentions_0_proj_in', 'up_blocks_1_upsamplers_0_conv', 'mid_block_resnets_0_conv1')
    """
    match = _ORIGINAL_BLOCK.match(path)
    if match is None or (match[3] is None and match[1] != "middle_block"):
        return path
    where, index, rest = match[1], int(match[2]), match[4]
    if where == "middle_block":
        return f"mid_block_attentions_0_{rest}" if index == 1 else f"mid_block_resnets_{index // 2}_{_ORIGINAL_RESIDUAL.get(rest, rest)}"
    is_down = where == "input_blocks"
    if is_down and index == 0:
        return path
    block, at = divmod(index - 1 if is_down else index, 3)
    if rest in {"op", "conv"}:
        return f"{'down' if is_down else 'up'}_blocks_{block}_{'down' if is_down else 'up'}samplers_0_conv"
    piece = f"attentions_{at}_{rest}" if match[3] == "1" else f"resnets_{at}_{_ORIGINAL_RESIDUAL.get(rest, rest)}"
    return f"{'down' if is_down else 'up'}_blocks_{block}_{piece}"


def block_of(path: str, family: Family) -> int | None:
    """The U-Net block of a layer in sd-scripts' count: SD 1.x and 2.x 0 to 24, SDXL 0 to 22 (networks/lora.py get_block_index).

    >>> block_of("down_blocks_1_attentions_0_proj_in", Family.SD1), block_of("output_blocks_2_1_proj_in", Family.SDXL)
    (4, 15)
    """
    original = _ORIGINAL_BLOCK.match(path)
    if original is not None and family is Family.SDXL:
        return {"input_blocks": 1, "middle_block": 10, "output_blocks": 13}[original[1]] + int(original[2])
    match = _DIFFUSERS_BLOCK.match(path)
    if match is None:
        return None
    direction, block, group, index = match[1], int(match[2] or 0), match[4], int(match[5])
    if match[3]:
        return 12
    at = 3 * block + (2 if group in {"downsamplers", "upsamplers"} else index)
    return 1 + at if direction == "down" else 13 + at
