"""What a result may depend on besides the parameters: machine, accelerator, versions, the state of the code, the command."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from lorascope.records.run import JsonValue

_PACKAGES = (
    "lorascope", "torch", "diffusers", "peft", "transformers", "accelerate", "safetensors", "numpy", "pillow",
    "xformers", "bitsandbytes", "lycoris-lora", "prodigyopt",
)  # fmt: skip
_PATIENCE_S = 5.0
_GPU_QUERY = ("name", "memory.total", "driver_version", "uuid")
# keep_tokens and max_token_length are no secrets
_SECRET_OPTION = re.compile(r"(?i)^(--?(?:[\w-]*[-_])?(?:token|password|passwd|secret|api[-_]?key))(=.*)?$")
_SECRET_TEXT = re.compile(r"(hf_[A-Za-z0-9]{8,}|(?<=://)[^/@\s]+:[^/@\s]+(?=@))")
_HIDDEN = "***"


def environment_snapshot() -> dict[str, JsonValue]:
    """Everything about this machine and this command that a later reader may need to explain or repeat a result.

    ``gpus`` is a list of name, memory_bytes, driver and uuid (empty without an NVIDIA driver), ``git`` the state of the code in
    the working folder (None outside a repository). Passwords and tokens in the command are hidden.
    """
    return {
        "versions": {package: _version(package) for package in _PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpu_count": os.cpu_count(),
        "memory_bytes": _memory_bytes(),
        "gpus": _gpus(),
        "git": git_state(Path.cwd()),
        "argv": [*without_secrets(sys.argv)],
        "pid": os.getpid(),
    }


def without_secrets(arguments: Sequence[str]) -> list[str]:
    """A command line that may be stored and shown: the values of options that name a token or password are hidden.

    >>> without_secrets(["train", "--hf-token", "abc", "--api_key=x", "postgresql://me:pw@host/lab"])
    ['train', '--hf-token', '***', '--api_key=***', 'postgresql://***@host/lab']
    """
    shown: list[str] = []
    hide_next = False
    for argument in arguments:
        option = _SECRET_OPTION.match(argument)
        if hide_next:
            shown.append(_HIDDEN)
        elif option:
            shown.append(f"{option[1]}={_HIDDEN}" if option[2] else argument)
        else:
            shown.append(_SECRET_TEXT.sub(_HIDDEN, argument))
        hide_next = bool(option) and not (option and option[2])
    return shown


def git_state(folder: Path) -> dict[str, JsonValue] | None:
    """The commit of the code in a folder, and whether files differ from it; None outside a repository or without git."""
    commit = _said(["git", "-C", str(folder), "rev-parse", "HEAD"])
    if commit is None:
        return None
    changed = _said(["git", "-C", str(folder), "status", "--porcelain", "--untracked-files=no"])
    return {
        "commit": commit,
        "branch": _said(["git", "-C", str(folder), "rev-parse", "--abbrev-ref", "HEAD"]),
        "changed_files": None if changed is None else len(changed.splitlines()),
    }


def _gpus() -> list[JsonValue]:
    """NVIDIA's own tool is asked: no CUDA context is made, and it works without torch."""
    listing = _said(["nvidia-smi", f"--query-gpu={','.join(_GPU_QUERY)}", "--format=csv,noheader,nounits"])
    gpus: list[JsonValue] = []
    for line in (listing or "").splitlines():
        parts = [part.strip() for part in line.split(",")]
        if len(parts) == len(_GPU_QUERY):
            name, mebibytes, driver, uuid = parts
            gpus.append({
                "name": name,
                "memory_bytes": int(mebibytes) * 2**20 if mebibytes.isdecimal() else None,
                "driver": driver,
                "uuid": uuid,
            })  # fmt: skip
    return gpus


def _said(command: Sequence[str]) -> str | None:
    """What a program prints; None when it is not there, fails, or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_PATIENCE_S, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def peak_memory_bytes() -> int | None:
    """The most memory this process has held so far, in bytes; None where the system does not say."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
