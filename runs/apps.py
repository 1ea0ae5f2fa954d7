from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext, pgettext


class RunsConfig(AppConfig):
    name = "runs"
    verbose_name = "Run Studio"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from runs.models import functions

        connection_created.connect(functions.install)
        from runs.management.translations import compile_translations
        from studio.core import messages

        compile_translations()
        messages.install(_translate)
        # A field with one half would fail while a page is rendered.
        from runs.search import fields

        fields.check_registry()


def _translate(context: str, text: str) -> str:
    return pgettext(context, text) if context else gettext(text)
