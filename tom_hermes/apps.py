"""The app and its hooks into the host and the trunk."""

from django.apps import AppConfig

from tom_scimma.hooks import job


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

    def destinations(self):
        return [
            "tom_hermes.destination.Hermes",
            "tom_hermes.onward.Tns",
            "tom_hermes.onward.Gcn",
            "tom_hermes.retraction.Retraction",
        ]

    def profile_details(self):
        return [{"partial": "tom_hermes/partials/profile.html", "context": "tom_hermes.profile.card"}]

    def message_receivers(self):
        from tom_hermes.intake import patterns

        return dict.fromkeys(patterns(), "tom_hermes.receive.received")

    def audience_followers(self):
        return ["tom_hermes.closing.follow"]

    def worker_jobs(self):
        ask = "hermes"  # what waits for a service that is slow must not stand before what does not
        return [
            job("HERMES rows", "tom_hermes.settling.follow", minutes=1),
            job("HERMES files", "tom_hermes.fetching.fetch_due", lane=ask, seconds=30),
            job("HERMES accounts", "tom_hermes.accounts.refresh", lane=ask, minutes=10),
            job("HERMES accounts never asked", "tom_hermes.accounts.first", lane="questions", minutes=10),
            job("HERMES retractions", "tom_hermes.withdrawn.look", lane=ask, hours=1),
        ]
