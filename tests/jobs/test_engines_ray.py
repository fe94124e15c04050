"""Ray gives what this machine gives: a cluster of two nodes on the loopback, started and ended here."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from lorascope.errors import BadFile, OperationFailed
from lorascope.jobs.engines.local import LocalEngine
from lorascope.jobs.engines.ray import RayEngine
from lorascope.jobs.measure import MeasureRequest, measure_collection
from lorascope.jobs.measure_batch import measure
from lorascope.jobs.progress import Silent
from lorascope.jobs.shards import Source

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

STORE_BYTES = 100_000_000
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_DEDUP_LOGS": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_AUTH_MODE": "token",  # a token of this run's own: whatever lies in the home folder is neither used nor written
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
    "PYTHONPATH": os.pathsep.join([str(Path(__file__).resolve().parents[2] / "src"), str(Path(__file__).resolve().parent)]),
}


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


# Ray replaces 127.0.0.1 by the machine's own address, and then listens on all of them.
LOOPBACK = "import ray._private.services as s; s.resolve_ip_for_localhost = lambda host: host; from ray.scripts.scripts import main; main()"


def start(folder, environment, *arguments):
    command = [sys.executable, "-c", LOOPBACK, "start", "--block", "--disable-usage-stats", "--node-ip-address=127.0.0.1"]
    command += ["--num-cpus=1", f"--object-store-memory={STORE_BYTES}", *arguments]
    with (folder / f"node-{len(list(folder.glob('node-*')))}.log").open("wb") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    for name, value in QUIET.items():
        patch.setenv(name, value)
    import ray
    from ray._private import services
    from ray._raylet import Config

    Config.initialize("")  # reads the environment again, should another test have loaded Ray before
    patch.setattr(services, "resolve_ip_for_localhost", lambda host: host)
    folder, environment = Path(tmp_path_factory.mktemp("ray")), {**os.environ}
    port, place = free_port(), tempfile.mkdtemp(prefix="ray-")  # pytest's own folders are too long for Ray's sockets
    nodes = [start(folder, environment, "--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={place}")]
    try:
        nodes.append(start(folder, environment, f"--address=127.0.0.1:{port}"))
        wait_for_nodes(ray, f"127.0.0.1:{port}", 2)
        yield f"127.0.0.1:{port}"
    finally:
        ray.shutdown()
        patch.undo()
        for node in reversed(nodes):  # each node and everything it started is a session of its own
            for how in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(node.pid, how)
                    node.wait(3)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    continue
        shutil.rmtree(place, ignore_errors=True)


def wait_for_nodes(ray, address, count):
    deadline = time.monotonic() + 90
    while True:
        try:
            if not ray.is_initialized():
                with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), 1):
                    pass
                ray.init(address, log_to_driver=False, logging_level="error", _node_ip_address="127.0.0.1")
            if sum(node["Alive"] for node in ray.nodes()) >= count:
                return
        except (OSError, RuntimeError, ValueError):
            pass
        assert time.monotonic() < deadline, "the cluster did not start"
        time.sleep(0.5)


def square(number, _progress):
    return number * number


def node_of(_number, _progress):
    import ray

    time.sleep(0.5)
    return ray.get_runtime_context().get_node_id()


def refuse(number, _progress):
    if number == 2:
        raise BadFile("no such luck", where="item 2", next_step="try another")
    return number


def die(_number, _progress):
    return 1 // 0


def test_results_come_in_the_order_of_the_items_from_both_nodes(cluster):
    items = list(range(40))
    assert list(RayEngine(cluster).map(square, items, lambda _: Silent())) == [number * number for number in items]
    assert len(set(RayEngine(cluster).map(node_of, range(6), lambda _: Silent()))) == 2


def test_errors_of_a_worker_come_back_as_ours(cluster):
    results = RayEngine(cluster).map(refuse, [1, 2, 3], lambda _: Silent())
    assert next(results) == 1
    with pytest.raises(BadFile, match="no such luck") as caught:
        next(results)
    assert (caught.value.where, caught.value.next_step) == ("item 2", "try another")
    with pytest.raises(OperationFailed, match="ZeroDivisionError"):
        list(RayEngine(cluster).map(die, [1], lambda _: Silent()))


def test_a_collection_measured_on_the_cluster_is_the_same_to_the_byte(cluster, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(5)
    for number in range(24):
        Image.fromarray(rng.integers(0, 256, (24, 24, 3)).astype(np.uint8)).save(folder / f"{number:02}.png")
        (folder / f"{number:02}.txt").write_text(f"bespoke, red hat, hair (#03dc73), background (#03dc73), number {number} {number}\n")
    outs = [tmp_path / "local", tmp_path / "ray"]
    for out, engine in zip(outs, (LocalEngine(), RayEngine(cluster)), strict=True):
        measure_collection(MeasureRequest(Source(str(folder), files_per_shard=4), Source(str(out))), engine)
    local, ray = ({path.name: path.read_bytes() for path in out.iterdir()} for out in outs)
    assert len(local) == 7
    assert local == ray


def test_batches_are_measured_in_their_order(cluster):
    batches = [pa.RecordBatch.from_pydict({"key": [f"{n}"], "caption": [f"red hat {n}, red hat {n}"]}) for n in range(8)]
    found = pa.concat_tables(RayEngine(cluster).map_batches(measure, batches))
    assert found.equals(pa.Table.from_batches([measure(batch) for batch in batches]))


def test_a_cluster_that_is_not_there_is_said_in_our_words():
    code = (
        "from lorascope.jobs.engines.ray import RayEngine\nfrom lorascope.jobs.progress import Silent\n"
        "from lorascope.errors import OperationFailed\n"
        "try: list(RayEngine('127.0.0.1:1').map(print, [1], lambda _: Silent()))\nexcept OperationFailed as error: print('ours:', error)\n"
    )
    environment = {**os.environ, **QUIET, "RAY_gcs_rpc_server_connect_timeout_s": "1", "RAY_NUM_REDIS_GET_RETRIES": "1"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert "ours: no Ray cluster at 127.0.0.1:1" in run.stdout, run.stderr[-800:]
