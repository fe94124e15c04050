"""Runs jobs of trackers (``tracker_jobs.py``), each in a process and an environment of its own.

The peers' environments are made by hand, once, in any folder, whose path is then given as ``--peers DIR``::

    python3 -m venv DIR/venv-trackio && DIR/venv-trackio/bin/pip install trackio
    python3 -m venv DIR/venv-mlflow && DIR/venv-mlflow/bin/pip install mlflow
    python3 -m venv DIR/venv-wandb && DIR/venv-wandb/bin/pip install wandb
    python3 -m venv DIR/venv-tensorboard && DIR/venv-tensorboard/bin/pip install tensorboard tensorboardX
    python3 -m venv DIR/venv-aim && DIR/venv-aim/bin/pip install aim

A peer without an environment is left out, and the output says so.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tracker_jobs import folder_bytes

PEERS = ("trackio", "mlflow", "wandb", "tensorboard", "aim")
WITHOUT_QUESTIONS = ("wandb",)  # its offline files can be queried only by a server
RAW_AND_OURS = ("lorascope", "raw")
QUIET = {
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
    "WANDB_ERROR_REPORTING": "false",
    "WANDB_DISABLE_GIT": "true",
    "WANDB_DISABLE_CODE": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "AIM_UI_TELEMETRY_ENABLED": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
_JOBS = Path(__file__).with_name("tracker_jobs.py")


def peers_in(peers: Path | None) -> list[str]:
    """The peers that have an environment in the folder."""
    return [tool for tool in PEERS if peers is not None and (peers / f"venv-{tool}").is_dir()]


def tools_in(peers: Path | None) -> list[str]:
    """The tools to compare: ours, the floor, and the peers that are there."""
    return [*RAW_AND_OURS, *peers_in(peers)]


def left_out(peers: Path | None) -> list[str]:
    """A note that names the peers that are not measured, if any."""
    missing = [tool for tool in PEERS if tool not in peers_in(peers)]
    return [f"left out, for want of an environment (--peers): {', '.join(missing)}"] if missing else []


def versions(peers: Path | None) -> dict[str, str]:
    """The versions of the tools measured."""
    found = {"lorascope": importlib.metadata.version("lorascope")}
    for tool in peers_in(peers):
        asked = [python_of(peers, tool), "-c", f"import importlib.metadata; print(importlib.metadata.version({tool!r}))"]
        found[tool] = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    return found


def python_of(peers: Path | None, tool: str) -> str:
    """The python of a tool's environment; ours is this one."""
    return sys.executable if tool in RAW_AND_OURS or peers is None else str(peers.absolute() / f"venv-{tool}/bin/python")


def command(peers: Path | None, tool: str, name: str, folder: Path, *numbers: int) -> list[str]:
    """The command of a job."""
    return [python_of(peers, tool), str(_JOBS), tool, name, str(folder), *map(str, numbers)]


def environment() -> dict[str, str]:
    """Nothing is sent anywhere; byte code may be kept, as after an installation."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | QUIET


def job(peers: Path | None, tool: str, name: str, folder: Path, *numbers: int) -> dict[str, float]:
    """What a job measured."""
    asked = command(peers, tool, name, folder, *numbers)
    done = subprocess.run(asked, capture_output=True, text=True, check=False, env=environment())
    if done.returncode != 0:
        raise SystemExit(f"{tool} {name} failed:\n{done.stderr[-2000:]}")
    return next(json.loads(line) for line in reversed(done.stdout.splitlines()) if line.startswith("{"))


def filled_by(peers: Path | None, tool: str, stores: Path, runs: int) -> Path:
    """A store of so many runs, written by the peer itself (minutes for thousands); one that is there already is used."""
    folder = stores / f"{tool}-{runs}"
    if not folder.is_dir():
        half = stores / f"{tool}-{runs}-unfinished"
        job(peers, tool, "runs", half, runs - 1)
        half.rename(folder)
    return folder


def one_run_bytes(peers: Path | None, tool: str, folder: Path) -> int:
    """The size of a store with one run, which is subtracted where more are weighed."""
    job(peers, tool, "one", folder / f"{tool}-one", 0)
    return folder_bytes(folder / f"{tool}-one")


def medians(found: Sequence[Mapping[str, float]], count: int, unit: str) -> dict[str, float]:
    """CPU and wall of one of ``count`` things, in milliseconds."""
    return {f"{kind}_ms_per_{unit}": 1e3 * statistics.median(one[f"{kind}_s"] for one in found) / count for kind in ("cpu", "wall")}
