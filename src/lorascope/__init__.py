"""lorascope: why a LoRA run came out as it did, which checkpoint to ship, and what to try next."""

__version__ = "0.1.0"

__all__ = ["__version__"]
