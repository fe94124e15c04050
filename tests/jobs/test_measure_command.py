"""``lorascope measure``: whole files or none, the same whenever it was stopped, and nothing secret said."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from PIL import Image

from lorascope.cli.main import cli
from lorascope.errors import AlreadyExists, BadFile, Busy, LorascopeError, MissingFile
from lorascope.jobs.engines.local import LocalEngine
from lorascope.jobs.folder_lock import locked
from lorascope.jobs.measure import MeasureRequest, measure_collection
from lorascope.jobs.measure_batch import MeasureOptions
from lorascope.jobs.measure_totals import Totals, quantile, summary
from lorascope.jobs.shards import Source


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(12):
        pixels = np.full((24, 24, 3), (number * 20, 90, 120), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
        (folder / f"{number:02}.txt").write_text(f"bespoke, red hat number {number}, smiling smiling\n")
    (folder / "05.png").write_bytes(b"broken")
    return folder


def request(source, out, *, files=5, **options):
    return MeasureRequest(Source(str(source), files_per_shard=files), Source(str(out)), MeasureOptions(**options))


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def keys(folder):
    return [row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).column("key").to_pylist()]


def run(*arguments):
    return CliRunner().invoke(cli, ["measure", *map(str, arguments)])


def test_every_picture_is_a_row_and_the_manifest_says_what_was_read(pictures, tmp_path):
    result = run(pictures, "--out", tmp_path / "out", "--files-per-shard", 5, "--workers", 1, "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert (answer["format"], answer["rows"], answer["images"], answer["captions"], answer["shards"]) == (1, 12, 11, 12, 3)
    assert answer["checks"]["unreadable_image"]["findings"] == 1
    assert answer["checks"]["doubled_word"]["rows"] == 12
    assert answer["words"]["bespoke"] == 12
    assert answer["words_missed"] == 0
    assert answer["tokens"] == {"p05": 9, "p50": 9, "p95": 10}
    assert keys(tmp_path / "out") == [f"{number:02}.png" for number in range(12)]
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert [(shard["file"], shard["rows"]) for shard in manifest["shards"]] == [
        (f"files-00000{n}.parquet", rows) for n, rows in ((1, 5), (2, 5), (3, 2))
    ]


def test_the_table_reads_well(pictures, tmp_path):
    result = run(pictures, "--out", tmp_path / "out", "--workers", 1)
    assert result.exit_code == 0
    assert "12 rows, 11 pictures read, 12 captions, 1 shards" in result.stdout
    assert "unique_colors" in result.stdout
    assert "1 x not an image" in result.stdout


def test_processes_and_this_process_give_the_same_bytes(pictures, tmp_path):
    measure_collection(request(pictures, tmp_path / "one"), LocalEngine(1))
    measure_collection(request(pictures, tmp_path / "two"), LocalEngine(2))
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_finished_shards_are_kept_and_only_what_changed_is_measured_again(pictures, tmp_path):
    out = tmp_path / "out"
    measure_collection(request(pictures, out))
    first = files(out)
    assert [shard.kept for shard in measure_collection(request(pictures, out)).shards] == [True, True, True]
    assert files(out) == first
    (pictures / "07.txt").write_text("bespoke, blue hat")
    again = measure_collection(request(pictures, out))
    assert [shard.kept for shard in again.shards] == [True, False, True]
    measure_collection(request(pictures, tmp_path / "fresh"))
    assert files(out) == files(tmp_path / "fresh")
    assert [shard.kept for shard in measure_collection(request(pictures, out, trigger="bespoke")).shards] == [False] * 3


def test_files_of_shards_that_are_no_more_go(pictures, tmp_path):
    measure_collection(request(pictures, tmp_path / "out", files=2))
    measure_collection(request(pictures, tmp_path / "out", files=6))
    measure_collection(request(pictures, tmp_path / "fresh", files=6))
    assert files(tmp_path / "out") == files(tmp_path / "fresh")


def test_killed_in_between_and_started_again_gives_the_same_files(pictures, tmp_path):
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "lorascope.cli.main",
        "measure",
        str(pictures),
        "--out",
        str(out),
        "--workers",
        "1",
        "--files-per-shard",
        "1",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(list(out.glob("*.parquet"))) < 2 and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (out / ".files-000009-left.part").write_bytes(b"half")
    assert subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
    measure_collection(request(pictures, tmp_path / "fresh", files=1))
    assert files(out) == files(tmp_path / "fresh")


def test_captions_alone_are_measured_from_parquet(tmp_path):
    pq.write_table(pa.table({"caption": ["red hat", "red hat, red hat", None] * 50}), tmp_path / "captions.parquet")
    result = run(tmp_path / "captions.parquet", "--out", tmp_path / "out", "--text-only", "--workers", 1, "--json")
    answer = json.loads(result.stdout)
    assert (answer["rows"], answer["captions"], answer["images"], answer["metrics"]) == (150, 100, 0, {})
    assert answer["checks"]["repeated_clause"]["findings"] == 50
    assert answer["words"] == {"hat": 100, "red": 100}


def test_a_broken_archive_is_said_and_gives_exit_code_1(tmp_path):
    (tmp_path / "0.tar").write_bytes(b"nothing" * 200)
    result = run(tmp_path / "0.tar", "--out", tmp_path / "out", "--workers", 1)
    assert result.exit_code == 1
    assert "broken or cut off" in result.stdout


def test_a_folder_with_other_things_in_it_is_left_alone(pictures, tmp_path):
    with pytest.raises(AlreadyExists):
        measure_collection(request(pictures, pictures))
    (tmp_path / "mine").mkdir()
    pq.write_table(pa.table({"mine": [1]}), tmp_path / "mine/mine.parquet")
    with pytest.raises(AlreadyExists, match=r"mine\.parquet"):
        measure_collection(request(pictures, tmp_path / "mine"))


def test_mistakes_are_said_before_anything_is_written(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingFile):
        measure_collection(request(tmp_path / "none", tmp_path / "out"))
    assert not (tmp_path / "out").exists()
    with pytest.raises(BadFile, match="nothing to measure"):
        measure_collection(request(tmp_path / "empty", tmp_path / "out"))
    with locked(tmp_path / "out"), pytest.raises(Busy):
        measure_collection(request(tmp_path / "empty", tmp_path / "out"))


def test_a_storage_option_is_never_repeated(tmp_path):
    result = run("nosuch://bucket", "--out", tmp_path / "out", "--storage-option", "secret=hush", "--storage-option", "hush")
    assert result.exit_code != 0
    assert "hush" not in result.output + str(result.exception)


def test_an_address_that_fails_is_said_in_one_line_without_its_secrets(tmp_path):
    for options in (["secret=hush", "endpoint_url=http://127.0.0.1:9"], ["key=hush", "secret=hush", "endpoint_url=http://127.0.0.1:9"]):
        arguments = [word for option in options for word in ("--storage-option", option)]
        result = run("s3://lab/in", "--out", tmp_path / "out", *arguments)
        assert isinstance(result.exception, LorascopeError)
        assert "hush" not in str(result.exception)


def totals(*texts):
    made = Totals(rows=len(texts), captions=len(texts))
    words = [word for text in texts for word in text.split()]
    starts = np.cumsum([0, *(len(text.split()) for text in texts)])[:-1]
    made.count_words(words, np.arange(len(words)), starts)
    return made


def test_totals_of_parts_add_up_to_those_of_the_whole():
    whole, left, right = totals("Red hat,", "red red", "(hat)"), totals("Red hat,"), totals("red red", "(hat)")
    left.add(right)
    assert left == whole
    assert whole.words == {"red": 2, "hat": 2}
    assert Totals.from_json(json.loads(json.dumps(whole.to_json()))) == whole


def test_of_too_many_words_the_rarest_go_and_the_error_is_known():
    made = totals(*["common rare1", "common rare2", "common middle", "middle"])
    made.forget_rare_words(2)
    assert made.words == {"common": 2, "middle": 1}
    assert made.words_missed == 1


def test_quantiles_and_shares_are_told_with_their_uncertainty():
    assert [quantile({1.0: 5, 2.0: 90, 9.0: 5}, share) for share in (0.05, 0.5, 0.95, 1)] == [1, 2, 2, 9]
    made = totals("a", "b")
    made.findings["typo"], made.captions_with["typo"] = 3, 1
    assert summary(made)["checks"]["typo"] == {"findings": 3, "rows": 1, "share": 0.5, "low": 0.094531, "high": 0.905469}


def moto():
    from moto.server import ThreadedMotoServer

    return ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_bucket_is_read_and_written_as_a_folder_is(pictures, tmp_path, monkeypatch):
    import s3fs

    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "hush-hush", "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    server = moto()
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        bucket = s3fs.S3FileSystem(endpoint_url=endpoint)
        bucket.mkdir("lab")
        for path in pictures.iterdir():
            bucket.put_file(str(path), f"lab/in/{path.name}")
        option = ["--storage-option", f"endpoint_url={endpoint}", "--files-per-shard", "5", "--workers", "1", "--json"]
        first = run("s3://lab/in", "--out", "s3://lab/out", *option)
        assert first.exit_code == 0, first.output
        again = json.loads(run("s3://lab/in", "--out", "s3://lab/out", *option).stdout)
        assert (again["shards"], again["shards_kept"], again["rows"]) == (3, 3, 12)
        measure_collection(request(pictures, tmp_path / "out"))
        for name in ("files-000001.parquet", "files-000002.parquet", "files-000003.parquet"):
            with bucket.open(f"lab/out/{name}") as file:
                assert pq.read_table(file).equals(pq.read_table(tmp_path / "out" / name))
        bucket.pipe_file("lab/in/11.txt", b"bespoke, changed")
        changed = json.loads(run("s3://lab/in", "--out", "s3://lab/out", *option).stdout)
        assert changed["shards_kept"] == 2
        nothing = run("s3://nowhere/in", "--out", "s3://lab/out2", *option)
        assert nothing.exit_code != 0
        assert "hush-hush" not in first.output + nothing.output + str(nothing.exception) + bucket.cat_file("lab/out/manifest.json").decode()
    finally:
        server.stop()
