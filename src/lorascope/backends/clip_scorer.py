"""Score pictures against their prompts with a CLIP model that lies in a local folder.

Two kinds of folder are read: one that transformers' ``CLIPModel`` and ``CLIPProcessor`` were saved to, and one of open_clip
(``open_clip_config.json``), where that is installed. Nothing is downloaded, and weights are read from safetensors only: a pickle can run
code and is never opened. Such models know photographs and web pictures best; on sprites of 24 pixels they are a rough judge.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import logging
import math
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers.utils import logging as transformers_logging

from lorascope.errors import BadFile, MissingExtra, MissingFile

OPEN_CLIP_CONFIG = "open_clip_config.json"
OPEN_CLIP_WEIGHTS = "open_clip_model.safetensors"
PICKLES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl"})
LARGEST_CONFIG_BYTES = 1_000_000
_DIGEST_LETTERS = 8
_CONVERT = (
    "from transformers import CLIPModel, CLIPProcessor; f = {folder!r}; "
    "CLIPModel.from_pretrained(f).save_pretrained(f + '-safe'); CLIPProcessor.from_pretrained(f).save_pretrained(f + '-safe')"
)


@dataclass(frozen=True)
class ClipScorer:
    """A model ready to score. ``name`` is the folder's; ``digest`` names its weights (BLAKE2b-128, hex).

    ``images`` and ``texts`` turn pictures and prompts into vectors of length 1, (n, d).
    """

    name: str
    digest: str
    images: Callable[[Sequence[Image.Image]], torch.Tensor]
    texts: Callable[[Sequence[str]], torch.Tensor]

    @property
    def metric(self) -> str:
        """The name its scores go by: another model's are another metric, so that the two are never averaged."""
        return f"clip_score_{self.digest[:_DIGEST_LETTERS]}"

    def score(self, pictures: Sequence[NDArray[np.uint8]], prompts: Sequence[str]) -> list[float]:
        """For each picture, (height, width, 3) uint8, and its prompt: 100 times the cosine of the two vectors, -100 to 100.

        Raises:
            BadFile: the model gives no finite number.
        """
        read: dict[str, torch.Tensor] = {}
        cosines = []
        with torch.inference_mode():
            for pixels, prompt in zip(pictures, prompts, strict=True):  # one by one: in a batch, the last digits depend on the others
                if prompt not in read:
                    read[prompt] = self.texts([prompt])
                cosines.append(float(100 * (self.images([Image.fromarray(pixels)]) * read[prompt]).sum()))
        if not all(map(math.isfinite, cosines)):
            raise BadFile(
                "the scorer's model gives no numbers: its weights are broken", where=self.name, next_step="use another copy of it"
            )
        return [round(cosine, 4) for cosine in cosines]


def load_scorer(folder: Path) -> ClipScorer:
    """The CLIP model in a folder.

    Raises:
        MissingFile: no such folder, or nothing in it that could be a model.
        BadFile: its weights are a pickle, or it cannot be read as a CLIP model.
        MissingExtra: it is one of open_clip's, and that is not installed.
    """
    if not folder.is_dir():
        raise MissingFile("no such folder with a CLIP model", where=str(folder), next_step="give the folder that holds config.json")
    transformers_logging.set_verbosity(logging.CRITICAL)  # what goes wrong is raised, and said by us
    transformers_logging.disable_progress_bar()
    files = sorted(path for path in folder.iterdir() if path.is_file())
    pickles = [path.name for path in files if path.suffix.lower() in PICKLES]
    if (folder / OPEN_CLIP_CONFIG).is_file():
        return _open_clip(folder, pickles)
    weights = [path for path in files if path.suffix == ".safetensors"]
    if not weights:
        if pickles:
            raise BadFile(
                f"the weights ({pickles[0]}) are a pickle, which can run code: not opened", where=str(folder),
                next_step=f"save it as safetensors where you trust it: python -c {shlex.quote(_CONVERT.format(folder=str(folder)))}",
            )  # fmt: skip
        raise MissingFile("no weights (*.safetensors) here", where=str(folder), next_step="give the folder that a CLIP model was saved to")
    return _transformers(folder, weights)


def _transformers(folder: Path, weights: Sequence[Path]) -> ClipScorer:
    kind = _config(folder / "config.json").get("model_type")
    if kind != "clip":
        raise BadFile(f"a model of the type {kind!r}, not clip", where=str(folder), next_step="give a folder that CLIPModel was saved to")
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError
    from transformers import CLIPModel, CLIPProcessor

    try:
        loaded: Any = CLIPModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32, output_loading_info=True
        )
        processor: Any = CLIPProcessor.from_pretrained(folder, local_files_only=True)
    except (
        OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RuntimeError, ImportError, MemoryError, SafetensorError,
        StrictDataclassError,
    ) as error:  # fmt: skip
        raise _unreadable(folder, error) from error
    model, loading = loaded
    if loading["missing_keys"]:  # they would be filled at random, and the score would be noise
        missing = sorted(loading["missing_keys"])
        raise _unreadable(folder, ValueError(f"{len(missing)} of its weights are missing ({missing[0]} …)"))
    model.eval()
    window = int(model.config.text_config.max_position_embeddings)

    def images(pictures: Sequence[Image.Image]) -> torch.Tensor:
        pixels = processor(images=list(pictures), return_tensors="pt")["pixel_values"]
        return _unit(model.get_image_features(pixel_values=pixels).pooler_output)

    def texts(prompts: Sequence[str]) -> torch.Tensor:
        tokens = processor(text=list(prompts), return_tensors="pt", padding=True, truncation=True, max_length=window)
        known = {name: tokens[name] for name in ("input_ids", "attention_mask")}
        return _unit(model.get_text_features(**known).pooler_output)

    return ClipScorer(folder.name, _digest(weights), images, texts)


def _open_clip(folder: Path, pickles: Sequence[str]) -> ClipScorer:
    """A folder of open_clip's, read by it; it chooses the file of weights itself, so no pickle may lie there."""
    weights = folder / OPEN_CLIP_WEIGHTS
    if pickles or not weights.is_file():
        what = f"a pickle ({pickles[0]}) lies here" if pickles else f"no {OPEN_CLIP_WEIGHTS} here"
        next_step = f"keep {OPEN_CLIP_CONFIG}, {OPEN_CLIP_WEIGHTS} and the tokenizer's files in a folder of their own"
        raise BadFile(f"{what}: open_clip models are read from safetensors only", where=str(folder), next_step=next_step)
    text = _config(folder / OPEN_CLIP_CONFIG).get("model_cfg", {}).get("text_cfg", {})
    for key in ("hf_tokenizer_name", "hf_model_name"):
        if key in text:
            raise BadFile(f"its {key} would be fetched from a hub", where=str(folder), next_step="use a model with its own text encoder")
    if importlib.util.find_spec("open_clip") is None:
        raise MissingExtra("this model needs open_clip", where=str(folder), next_step="pip install open_clip_torch")
    open_clip: Any = importlib.import_module("open_clip")
    try:
        model, prepare = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
        tokenize = open_clip.get_tokenizer(f"local-dir:{folder}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise _unreadable(folder, error) from error
    model.eval()
    return ClipScorer(
        folder.name,
        _digest([weights]),
        lambda pictures: _unit(model.encode_image(torch.stack([prepare(picture) for picture in pictures]))),
        lambda prompts: _unit(model.encode_text(tokenize(list(prompts)))),
    )


def _config(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_CONFIG_BYTES + 1)
        found = json.loads(data) if len(data) <= LARGEST_CONFIG_BYTES else None
    except OSError as error:
        raise MissingFile(f"no {path.name} that can be read", where=str(path.parent), next_step="give the folder that holds it") from error
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{path.name} is no JSON", where=str(path.parent), next_step="check that the download is complete") from error
    if not isinstance(found, dict):
        raise BadFile(f"{path.name} is no configuration", where=str(path.parent), next_step="check that the download is complete")
    return found


def _digest(files: Sequence[Path]) -> str:
    """BLAKE2b-128 over the files of weights, in order of their names."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(files):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _unit(vectors: torch.Tensor) -> torch.Tensor:
    unit: torch.Tensor = vectors / vectors.norm(dim=-1, keepdim=True)
    return unit


def _unreadable(folder: Path, error: Exception) -> BadFile:
    reason = next(iter(str(error).splitlines()), type(error).__name__)[:300]
    return BadFile(f"the CLIP model cannot be read: {reason}", where=str(folder), next_step="check that the download is complete")
