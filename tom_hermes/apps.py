"""The app and its hooks into the host and the trunk."""

from django.apps import AppConfig


class TomHermesConfig(AppConfig):
    name = "tom_hermes"
    verbose_name = "HERMES"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from tom_hermes import checks  # noqa: F401  registers them

    def include_url_paths(self):
        from django.urls import include, path

        return [path("hermes/", include("tom_hermes.pages", namespace="tom_hermes"))]

    def data_services(self):
        return [{"class": "tom_hermes.dataservice.HermesDataService"}]

    def nav_items(self):
        return [{"partial": "tom_hermes/partials/nav.html"}]

    def target_detail_tabs(self):
        return [
            {
                "partial": "tom_hermes/partials/target_tab.html",
                "label": "HERMES",
                "context": "tom_scimma.apps.nothing",
            }
        ]

    def message_receivers(self):
        from tom_hermes.intake import patterns

        return dict.fromkeys(patterns(), "tom_hermes.receive.received")

    def worker_jobs(self):
        from datetime import timedelta

        return [
            {"name": "HERMES files", "every": timedelta(seconds=30), "run": "tom_hermes.fetching.fetch_due"},
            {"name": "HERMES rows", "every": timedelta(minutes=1), "run": "tom_hermes.settling.follow"},
        ]
