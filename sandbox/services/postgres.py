"""PostgreSQL's database, as it was once, again before each test: a clone of it costs some tens of milliseconds."""

import shlex
from typing import Any

from sandbox.errors import EngineError

_TEMPLATE = "ocean_sandbox_template"


def keep(container: Any) -> None:
    """Keep the database of a ``PostgresContainer`` as it is, and put a clone in its place.

    Raises:
        EngineError: PostgreSQL refuses.
    """
    database, template = quoted_name(container.dbname), quoted_name(_TEMPLATE)
    _run(
        container,
        f"ALTER DATABASE {database} ALLOW_CONNECTIONS false",  # or whoever is put out comes back at once
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {quoted_text(container.dbname)}",  # noqa: S608 # quoted
        f"ALTER DATABASE {database} RENAME TO {template}",
        f"ALTER DATABASE {template} IS_TEMPLATE true",
        *_cloning(container.dbname),
    )


def restore(container: Any) -> None:
    """Put a clone of what was kept in the database's place.

    Raises:
        EngineError: PostgreSQL refuses.
    """
    drop = f"DROP DATABASE IF EXISTS {quoted_name(container.dbname)} WITH (FORCE)"
    _run(container, drop, *_cloning(container.dbname))


def _cloning(name: str) -> list[str]:
    """The statements that make the database; with what ALTER DATABASE … SET says of it, which no clone has."""
    settings = (
        "INSERT INTO pg_db_role_setting SELECT clone.oid, setrole, setconfig "  # noqa: S608 # quoted
        "FROM pg_db_role_setting JOIN pg_database AS kept ON setdatabase = kept.oid CROSS JOIN pg_database AS clone "
        f"WHERE kept.datname = {quoted_text(_TEMPLATE)} AND clone.datname = {quoted_text(name)}"
    )
    return [f"CREATE DATABASE {quoted_name(name)} TEMPLATE {quoted_name(_TEMPLATE)}", settings]


def _run(container: Any, *statements: str) -> None:
    """Run each by itself, in the container, where PostgreSQL's own client is."""
    commands = " ".join(f"-c {shlex.quote(each)}" for each in statements)
    login = f"--host 127.0.0.1 --username {shlex.quote(container.username)} --dbname template1"
    password = f"PGPASSWORD={shlex.quote(container.password)}"
    status, output = container.exec(["sh", "-c", f"{password} psql -qX -v ON_ERROR_STOP=1 {login} {commands}"])
    if status:
        raise EngineError(
            f"The database {container.dbname} could not be cloned (psql ended with status {status}).",
            remedy="see what PostgreSQL says below; its user must be a superuser, and its database one of its own.",
            detail=output.decode(errors="replace"),
        )


def quoted_name(name: str) -> str:
    """A name as SQL takes it."""
    return '"{}"'.format(name.replace('"', '""'))


def quoted_text(text: str) -> str:
    """A text as SQL takes it."""
    return "'{}'".format(text.replace("'", "''"))
