from typing import Any, ClassVar

from django.db import migrations, models


class WidenField(migrations.AlterField):
    """Widen a text column. SQLite has no lengths, and would copy the whole table."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "sqlite":
            super().database_forwards(app_label, schema_editor, from_state, to_state)


COLUMNS = (
    ("experimenttag", "key"),
    ("key", "name"),
    ("loggedmodelmetric", "key"),
    ("loggedmodelparam", "key"),
    ("loggedmodeltag", "key"),
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("runs", "0018_identity_and_removals")]

    operations: ClassVar = [
        WidenField(model, field, models.CharField(max_length=255))
        for model, field in COLUMNS
    ]
