"""The app and its hooks into the host and the trunk."""

from django.apps import AppConfig


class TomHermesConfig(AppConfig):
    name = "tom_hermes"
    verbose_name = "HERMES"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from tom_hermes import checks  # noqa: F401  registers them

    def message_receivers(self):
        from tom_hermes.intake import patterns

        return dict.fromkeys(patterns(), "tom_hermes.receive.received")
