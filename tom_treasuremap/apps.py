"""The app and its hooks into the host and the trunk."""

from django.apps import AppConfig


class TomTreasuremapConfig(AppConfig):
    name = "tom_treasuremap"
    verbose_name = "Treasure Map"
    default_auto_field = "django.db.models.BigAutoField"
