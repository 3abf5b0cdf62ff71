"""Creation, migration and refusal of databases."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from engine.errors import UserError
from engine.files.home import Home
from engine.registry.connection import sqlite_engine
from engine.registry.schema import current_version, make_tables
from engine.registry.schema_version import HEAD, MIGRATIONS
from engine.registry.store import Store, open_store
from tests.registry.rows import run


def test_the_migrations_make_the_tables_of_the_code(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with sqlite_engine(store.home.database).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
        kinds = 'SELECT "table", "from", on_delete FROM pragma_foreign_key_list(\'source\')'
        assert set(connection.exec_driver_sql(kinds)) == {("run", "run_id", "CASCADE"), ("run", "source_id", "NO ACTION")}


def test_the_newest_migration_is_the_version_of_the_code() -> None:
    assert max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")) == HEAD


def test_settings_of_every_connection(store: Store) -> None:
    with sqlite_engine(store.home.database).connect() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert values == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1}


def test_an_older_file_is_copied_before_it_is_migrated(home: Home) -> None:
    home.root.mkdir(parents=True)
    make_tables(home.database, home, "0002")
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("UPDATE clock SET value = 42")
        connection.commit()
    with pytest.raises(UserError, match="older version"):
        open_store(home, migrate=False)
    open_store(home).add([run(1)], [])
    with closing(sqlite3.connect(home.root / f"registry.before-{HEAD}.sqlite")) as copy:
        assert copy.execute("SELECT value FROM clock").fetchall() == [(42,)]
        assert copy.execute("SELECT count(*) FROM sqlite_master WHERE name = 'evidence'").fetchone() == (0,)


def test_a_newer_file_is_refused_untouched(store: Store) -> None:
    with closing(sqlite3.connect(store.home.database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(UserError, match="newer version"):
        open_store(store.home)
    assert current_version(sqlite_engine(store.home.database)) == "9999"


def test_half_a_creation_is_started_over(home: Home) -> None:
    home.root.mkdir(parents=True)
    for half in (".registry.sqlite.0815", ".registry.sqlite.0815-wal"):
        (home.root / half).write_bytes(b"SQLite format 3\0 and no more")
    open_store(home).add([run(1)], [])
    assert not list(home.root.glob(".registry*"))


def test_a_file_that_is_up_to_date_needs_no_alembic(store: Store) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        from engine.files.home import Home
        from engine.registry.store import open_store
        print(open_store(Home(Path(sys.argv[1]))).version())
        assert "alembic" not in sys.modules and "torch" not in sys.modules and "numpy" not in sys.modules
    """
    done = subprocess.run([sys.executable, "-c", code, str(store.home.root)], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_a_folder_that_cannot_be_created_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="set SCALEARN_HOME"):
        open_store(Home(tmp_path / "file" / "home"))
