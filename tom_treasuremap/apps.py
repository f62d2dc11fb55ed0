"""The app and its hooks into the host and the trunk."""

from __future__ import annotations

from django.apps import AppConfig


class TomTreasuremapConfig(AppConfig):
    name = "tom_treasuremap"
    verbose_name = "Treasure Map"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from tom_treasuremap import checks  # noqa: F401  registers them
