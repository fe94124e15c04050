"""LoRA files of SimpleTuner. Source: bghira/SimpleTuner, helpers/training/save_hooks.py, helpers/training/state_tracker.py.

``<output_dir>/checkpoint-<step>/pytorch_lora_weights.safetensors`` in diffusers' layout, with ``training_state.json`` beside it, and
``modelspec`` metadata; a LyCORIS file carries its configuration as JSON in the metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lorascope.errors import BadFile
from lorascope.importers.diffusers_peft import ADAPTER_METADATA, WEIGHTS, adapter_evidence, checkpoint_folder
from lorascope.importers.evidence import Evidence
from lorascope.importers.importer import Imported
from lorascope.importers.metadata_json import object_in, whole
from lorascope.importers.safetensors_header import Header
from lorascope.importers.small_file import small_text
from lorascope.records.run import JsonValue, ParameterValue

STATE = "training_state.json"
_LYCORIS = "lycoris_config"


def read_simpletuner(path: Path, header: Header) -> Evidence | None:
    """What a LoRA file of SimpleTuner says; None when another trainer made it.

    Known by a LyCORIS configuration of its own, or by diffusers' layout together with modelspec keys, which diffusers does not write.
    """
    metadata = header.metadata
    diffusers_layout = path.name == WEIGHTS or ADAPTER_METADATA in metadata
    if _LYCORIS not in metadata and not (diffusers_layout and metadata.get("modelspec.implementation") == "diffusers"):
        return None
    found = adapter_evidence(path, header, "simpletuner", "SimpleTuner LoRA")
    if _LYCORIS not in metadata:
        return found
    settings = object_in(metadata[_LYCORIS])
    kept = {**found.kept, _LYCORIS: settings or metadata[_LYCORIS]}
    parameters: dict[str, ParameterValue] = {**found.parameters, "network_module": "lycoris.kohya"}
    alpha = settings.get("linear_alpha")
    if isinstance(alpha, int | float) and not isinstance(alpha, bool):
        parameters["network_alpha"] = float(alpha)
    return replace(found, parameters=parameters, kept=kept)


class _TrainingState:
    """``training_state.json``, where SimpleTuner keeps how far a checkpoint has come."""

    name = "SimpleTuner training_state.json"

    def recognizes(self, head: bytes, path: Path) -> bool:
        """Whether it has SimpleTuner's name for it and what it begins with."""
        return path.name == STATE and head.lstrip()[:1] == b"{" and b'"global_step"' in head

    def read(self, path: Path) -> Iterator[Imported]:
        """The state, kept with the training under the checkpoint's folder.

        Raises:
            MissingFile: it is not there or cannot be read.
            BadFile: it is not such a file.
        """
        state = object_in(small_text(path))
        if whole(state.get("global_step")) is None:
            raise BadFile("is no JSON object with a global_step", where=str(path), next_step="get the file anew")
        folder, step = checkpoint_folder(path)
        notes = []
        if step is not None and whole(state["global_step"]) != step:
            notes.append(f"{path}: the folder says step {step}, the file step {state['global_step']}")
        kept: dict[str, JsonValue] = {f"training_state at step {state['global_step']}": state}
        yield Imported(
            evidence=(Evidence(path, self.name, folder, trainer="simpletuner", kept=kept, notes=tuple(notes)),),
        )


TRAINING_STATE = _TrainingState()
