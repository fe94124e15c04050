"""Reads LoRA files: one header read, then the first of ``READERS`` that knows the trainer says what it means.

Metadata stand in no fixed order, so that the first bytes do not tell the trainers apart. Adding one: a function with the shape of
``WeightsReader`` in a file of its own, and its line here, before kohya, which takes what nobody else knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from lorascope.importers.ai_toolkit import read_ai_toolkit
from lorascope.importers.diffusers_peft import read_diffusers
from lorascope.importers.evidence import Evidence
from lorascope.importers.importer import Imported
from lorascope.importers.kohya_weights import read_kohya
from lorascope.importers.onetrainer import read_onetrainer
from lorascope.importers.safetensors_header import Header, is_safetensors, read_header
from lorascope.importers.simpletuner import read_simpletuner
from lorascope.importers.tensor_names import is_lora

# What a file says, or None when another trainer made it. Raises nothing: what cannot be understood is a note.
WeightsReader = Callable[[Path, Header], Evidence | None]
READERS: tuple[WeightsReader, ...] = (read_onetrainer, read_ai_toolkit, read_simpletuner, read_diffusers, read_kohya)


class _WeightsFile:
    """``.safetensors`` files that hold a LoRA."""

    name = "LoRA weights (.safetensors)"

    def recognizes(self, head: bytes, path: Path) -> bool:
        """Whether it begins as a safetensors file does, or says by its name that it is one (and may be damaged)."""
        return is_safetensors(head) or path.suffix.lower() == ".safetensors"

    def read(self, path: Path) -> Iterator[Imported]:
        """What the header says of the training; no weights are read.

        Raises:
            MissingFile: it is not there or cannot be read.
            UnfinishedFile: it is still being written, or was cut off.
            BadFile: it is damaged; the message names the tensor or key.
        """
        header = read_header(path)
        if not is_lora(header):
            yield Imported(notes=(f"{path}: holds no LoRA (a whole model, an embedding or a state): left out",))
            return
        evidence = next(found for reader in READERS if (found := reader(path, header)) is not None)
        yield Imported(evidence=(evidence,))


WEIGHTS_FILE = _WeightsFile()
