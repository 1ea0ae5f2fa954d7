"""The schema of a database: its tables and columns, its migrations, emptiness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.core.management.base import CommandError
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ModelState, ProjectState
from django.db.migrations.utils import field_is_referenced

from runs.models import search_text

_COLUMNS = {
    "sqlite": (
        "SELECT m.name, c.name FROM sqlite_master m "
        "JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
    ),
    "postgresql": (
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = current_schema()"
    ),
}


class GrowingState(ProjectState):
    """The models of a migration; an operation builds only the class of its own again.

    Django builds the classes of all related models again for each new table, column,
    index and constraint. That took three quarters of the time of a first start. The
    others' classes then refer to an earlier class of the same table; functions that
    migrations call get all classes new, since the state counts as delayed. Overrides
    private methods of Django 5.2; tests compare the schemas with those of Django's own
    command.
    """

    def add_model(self, model_state: ModelState) -> None:
        if "apps" not in self.__dict__:
            super().add_model(model_state)
            return
        key = (model_state.app_label, model_state.name_lower)
        self.models[key] = model_state
        if self.__dict__["_relations"] is not None:
            self.resolve_model_relations(key)
        self.apps.render_multiple([model_state])

    def add_field(
        self, app_label: str, model_name: str, name: str, *changed: Any
    ) -> None:
        with self._building_later(app_label, model_name):
            super().add_field(app_label, model_name, name, *changed)

    def alter_field(
        self, app_label: str, model_name: str, name: str, *changed: Any
    ) -> None:
        fields = self.models[app_label, model_name].fields
        order = list(fields)
        if field_is_referenced(self, (app_label, model_name), (name, fields[name])):
            # Columns of other tables have its type.
            super().alter_field(app_label, model_name, name, *changed)
            return
        with self._building_later(app_label, model_name):
            super().alter_field(app_label, model_name, name, *changed)
            # Django puts the field last once it has resolved relations, which this
            # state does earlier; SQLite then creates the table in that order.
            for each in order:
                fields[each] = fields.pop(each)

    @contextmanager
    def _building_later(self, app_label: str, model_name: str) -> Iterator[None]:
        """Build only the class of this model after a change."""
        built = self.__dict__.pop("apps", None)
        yield
        if built is not None:
            self.__dict__["apps"] = built
            self.reload_model(app_label, model_name, delay=True)

    def _find_reload_model(
        self, app_label: str, model_name: str, delay: bool = False
    ) -> set[tuple[str, str]]:
        found = {(app_label, model_name)}
        if not delay:
            found = super()._find_reload_model(*found.pop())  # type: ignore[misc]
        self.is_delayed |= delay
        return found

    def clone(self) -> GrowingState:
        made = GrowingState()
        made.__dict__.update(super().clone().__dict__)
        return made


class AtomicMigrationExecutor(MigrationExecutor):
    """A migration and its record are one transaction.

    Django records some in a second one. A process that is killed between the two would
    leave a database whose next start creates a table that is there.
    """

    def _create_project_state(
        self, with_applied_migrations: bool = False
    ) -> ProjectState:
        state = super()._create_project_state(  # type: ignore[misc]
            with_applied_migrations
        )
        growing = GrowingState(state.models, state.real_apps)
        growing.resolve_fields_and_relations()
        return growing

    def apply_migration(
        self,
        state: ProjectState,
        migration: Migration,
        fake: bool = False,
        fake_initial: bool = False,
    ) -> ProjectState:
        with _one_transaction(self.connection):
            return super().apply_migration(state, migration, fake, fake_initial)


@contextmanager
def _one_transaction(database: BaseDatabaseWrapper) -> Iterator[None]:
    # Django's editor of schemas asks for it; SQLite takes it outside transactions only.
    database.disable_constraint_checking()
    try:
        with transaction.atomic(using=database.alias):
            yield
    finally:
        database.enable_constraint_checking()


def migrate(targets: list[tuple[str, str]] | None = None) -> None:
    """Apply the migrations up to `targets`, by default all of this version."""
    executor = AtomicMigrationExecutor(connection)
    executor.migrate(targets or executor.loader.graph.leaf_nodes())


def create_schema(migrations: Sequence[str]) -> None:
    """Create the schema of an empty database as these applied migrations left it."""
    executor = AtomicMigrationExecutor(connection)
    graph = executor.loader.graph
    wanted = {node for node in graph.nodes if ".".join(node) in set(migrations)}
    # Only the last of each chain: Django migrates back to a target that others build
    # on.
    executor.migrate(
        [
            node
            for node in sorted(wanted)
            if not any(child.key in wanted for child in graph.node_map[node].children)
        ]
    )
    delete_rows_of_migrations()


def delete_rows_of_migrations(*, except_in: Sequence[str] = ()) -> None:
    """Remove the rows that migrations themselves added."""
    with connection.cursor() as cursor:
        for table in data_tables(connection):
            if table not in except_in:
                cursor.execute(f'DELETE FROM "{table}"')


def create_content_types() -> None:
    """What Django adds after migrations: names of models, and their permissions."""
    emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)


def applied_migrations(database: BaseDatabaseWrapper) -> list[str]:
    """The applied migrations as `app.name`, sorted."""
    recorded = MigrationRecorder(database).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in recorded)


def data_tables(database: BaseDatabaseWrapper) -> list[str]:
    """The tables that hold data: all but SQLite's index of words."""
    found = database.introspection.table_names()
    return sorted(name for name in found if not name.startswith(search_text.INDEX))


def has_no_tables(database: BaseDatabaseWrapper) -> bool:
    return not data_tables(database)


def refuse_missing_columns() -> None:
    """Databases made before the first migration was edited always lack some."""
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS[connection.vendor])
        there = set(cursor.fetchall())
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields if model._meta.managed else ():
            if (model._meta.db_table, field.column) not in there:
                raise CommandError(
                    f"The database has no column {field.column} in "
                    f"{model._meta.db_table}: an unreleased early version created it, "
                    "and this version can't use it. Set STUDIO_HOME to an empty "
                    "folder, or restore a backup of a released version."
                )


def refuse_unmigrated() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError(
            "The database does not have the schema of this version. Start "
            "`manage.py studio` once and stop it, then run the command again."
        )


def analyze_loaded_rows(database: BaseDatabaseWrapper) -> None:
    """Tell the planner of rows that were loaded at once, outside of a transaction.

    PostgreSQL reads an index alone only after a vacuum, which it would do later.
    """
    is_postgres = database.vendor == "postgresql"
    with database.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)" if is_postgres else "ANALYZE")
