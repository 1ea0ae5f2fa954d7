from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("runs", "0016_history_exports")]

    operations: ClassVar = [migrations.RemoveField("sharelink", "opened")]
