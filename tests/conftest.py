"""A real PostgreSQL for the tests that need one: started once, a database for each test, gone at the end."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

FOLDERS = [*os.environ.get("PATH", "").split(os.pathsep), *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))]
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60", "autovacuum=off")


@dataclass
class Server:
    """A PostgreSQL of our own. ``user`` runs it: PostgreSQL refuses to be run by root."""

    folder: Path
    programs: dict[str, str]
    user: str | None
    port: int = 0
    password: str = "pass:w@rd/?"  # what must be percent-encoded in a URL, so that it is tried
    databases: list[str] = field(default_factory=list)
    process: subprocess.Popen | None = None

    def start(self):
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        where = ["-D", str(self.folder / "data"), "-k", str(self.folder), "-h", "127.0.0.1", "-p", str(self.port)]
        log = (self.folder / "log").open("ab")
        options = [part for setting in FAST for part in ("-c", setting)]
        self.process = subprocess.Popen([self.programs["postgres"], *where, *options], stdout=log, stderr=log, **self._as())
        log.close()
        for _ in range(400):
            try:
                self.sql("SELECT 1")
            except Exception:  # noqa: BLE001 - whatever it says while it starts
                assert self.process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.02)
            else:
                return self
        pytest.fail("PostgreSQL did not start")

    def stop(self):
        """As a restart does: transactions are cut short, connections closed."""
        self.process.send_signal(2)
        self.process.wait(30)

    def initialize(self):
        secret = self.folder / "secret"
        secret.write_text(self.password)
        if self.user:
            for path in (self.folder, secret):
                shutil.chown(path, self.user)
        options = ["--username", "owner", "--pwfile", str(secret), "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-sync"]
        # words sort otherwise than their letters there, as on most servers
        options += ["--locale-provider", "icu", "--icu-locale", "en"] if self._has_icu() else ["--locale", "C.UTF-8"]
        command = [self.programs["initdb"], "-D", str(self.folder / "data"), *options]
        made = subprocess.run(command, capture_output=True, text=True, check=False, **self._as())
        if made.returncode:
            pytest.skip(f"initdb does not work here: {made.stderr.strip()[-300:]}")

    def _has_icu(self):
        return "--icu-locale" in subprocess.run([self.programs["initdb"], "--help"], capture_output=True, text=True, check=True).stdout

    def _as(self):
        return {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": [], "cwd": "/"} if self.user else {}

    def sql(self, statement, database="postgres", user="owner", parameters=None):
        """The rows of a statement, run by itself."""
        import psycopg

        with psycopg.connect(**self.where(database, user), autocommit=True) as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def where(self, database, user="owner"):
        return {"host": "127.0.0.1", "port": self.port, "user": user, "password": self.password, "dbname": database}

    def url(self, database, user="owner", **query):
        from urllib.parse import quote

        options = "&".join(f"{key}={value}" for key, value in query.items())
        return f"postgresql://{user}:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{database}{'?' if options else ''}{options}"

    def new_database(self, template="template0"):
        name = f"lab_{secrets.token_hex(6)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        self.databases.append(name)
        return name


def _run_by():
    """Whom PostgreSQL is run by: ourselves, or, since it refuses root, somebody harmless. None: nobody can be found."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody", *(entry.pw_name for entry in pwd.getpwall() if entry.pw_uid >= 1000)):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    return pytest.skip("PostgreSQL must not be run by root, and there is no other user")


def _scratch():
    """In memory where there is plenty: a database is 300 files. A socket's path must be short."""
    in_memory = Path("/dev/shm")
    if in_memory.is_dir() and os.access(in_memory, os.W_OK) and shutil.disk_usage(in_memory).free > 4 << 30:
        return in_memory
    return "/tmp" if Path("/tmp").is_dir() else None


def _new_server():
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'lorascope[postgres]'")
    programs = {name: shutil.which(name, path=os.pathsep.join(FOLDERS)) for name in ("initdb", "postgres")}
    missing = [name for name, path in programs.items() if path is None]
    if missing:
        pytest.skip(f"no PostgreSQL on this machine ({', '.join(missing)} not found): apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg", dir=_scratch()))
    server = Server(folder, programs, _run_by())
    folder.chmod(0o755)
    server.initialize()
    return server.start()


def _end(server):
    if server.process and server.process.poll() is None:
        server.process.send_signal(3)  # at once: there is nothing to save
        server.process.wait(30)
    shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Nothing here reads or writes the cache of whoever runs the tests; child processes inherit it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LORASCOPE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def postgres():
    """The server that all tests share. Nobody stops it."""
    server = _new_server()
    yield server
    _end(server)


@pytest.fixture(scope="module")
def own_postgres():
    """A server to be stopped and started."""
    server = _new_server()
    yield server
    _end(server)


@pytest.fixture(scope="session")
def migrated(postgres, tmp_path_factory):
    """The name of a database with an empty store, to be copied."""
    from lorascope.store import Store

    name = postgres.new_database()
    Store.open(postgres.url(name), tmp_path_factory.mktemp("blobs")).close()
    return name


@pytest.fixture
def postgres_url(postgres, migrated):
    """The URL of a new empty store on PostgreSQL."""
    return postgres.url(postgres.new_database(migrated))
