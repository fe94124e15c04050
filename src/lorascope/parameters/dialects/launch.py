"""How a command line stands in a document: its options by name without dashes, and these two keys for the rest of it."""

from __future__ import annotations

SCRIPT = "(script)"  # the name of the training script as written, "" where the file holds options only
LAUNCHER = "(launcher)"  # options before the script: accelerate's own
