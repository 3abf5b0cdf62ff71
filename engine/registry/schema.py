"""The database's schema: created and brought up to date by the migrations beside this file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from engine.errors import UserError
from engine.files.disk import atomic_write, locked, remove_unfinished
from engine.files.home import Home
from engine.registry.connection import sqlite_engine
from engine.registry.damage import Damaged
from engine.registry.schema_version import HEAD, MIGRATIONS, is_newer, newer


def bring_up_to_date(engine: Engine, home: Home, migrate: bool) -> None:
    """Create or migrate the database behind ``engine``; a SQLite file is copied before it is changed.

    Raises UserError when the database is newer than the code, or older and ``migrate`` is false, Damaged for a file without
    tables.
    """
    is_sqlite = engine.dialect.name == "sqlite"
    is_new = is_sqlite and not home.database.exists()
    if not is_new and (version := current_version(engine)) == HEAD:
        return
    if is_sqlite and not is_new and version is None:
        # New ones appear complete.
        raise Damaged(home.database, "it has no tables")
    if not migrate:
        raise UserError(f"the registry in {home.root} is missing or of an older version; open it once with `scalearn ls`")
    home.make()
    with locked(home.root / "registry.lock"):
        if is_sqlite and not home.database.exists():
            _create(home)
        elif (version := current_version(engine)) != HEAD:
            refuse_newer(version, home)
            if is_sqlite:
                back_up(home.database, home.root / f"registry.before-{HEAD}.sqlite")
            with engine.begin() as connection:
                upgrade(connection, home)


def current_version(engine: Engine) -> str | None:
    """The database's schema version; None when it has no tables."""
    with engine.execution_options(readonly=True).connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(connection: Connection, home: Home, version: str = "head") -> None:
    """Run the missing migrations up to ``version`` in the transaction of ``connection``; ``home`` has the files of its runs."""
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(20240101)"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes.update(connection=connection, home=home)
    command.upgrade(config, version)


def back_up(database: Path, copy: Path) -> None:
    """A consistent copy of a SQLite file, taken while other processes may write."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def _create(home: Home) -> None:
    """A new file appears under its name only when it is complete, so that no process opens it half written."""
    remove_unfinished(home.database)
    with atomic_write(home.database) as draft:
        make_tables(draft, home)


def make_tables(file: Path, home: Home, version: str = HEAD) -> None:
    """Make an empty registry of ``home`` in a new file."""
    engine = sqlite_engine(file, create=True)
    with engine.begin() as connection:
        upgrade(connection, home, version)
    engine.dispose()
    # SQLite gives the files beside it the same mode.
    file.chmod(0o666 & ~home.umask())


def refuse_newer(version: str | None, home: Home) -> None:
    """Raises UserError for a version of later code than this."""
    if is_newer(version):
        raise UserError(f"{newer(home, version)}, which can be looked at only; upgrade with pip install -U scalearn-tui")
