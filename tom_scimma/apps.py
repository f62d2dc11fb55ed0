"""The app and its hooks into the host."""

from __future__ import annotations

from django.apps import AppConfig

from tom_scimma.hooks import job


def nothing(context) -> dict:
    """The context of a tab that loads by itself; the host asks twice a page."""
    return {}


class TomScimmaConfig(AppConfig):
    name = "tom_scimma"
    label = "tom_scimma"
    verbose_name = "SCiMMA alerts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from tom_scimma import annotator_checks, checks, install_checks, login_groups, places, telling_checks  # noqa: F401  registers checks
        from tom_scimma.compose import standing

        places.connect()
        standing.connect()
        login_groups.connect()

    def nav_items(self):
        return [{"partial": "tom_scimma/partials/nav.html"}]

    def target_detail_tabs(self):
        return [
            {
                "partial": "tom_scimma/partials/target_events_tab.html",
                "label": "Events",
                "context": f"{__name__}.nothing",
            },
            {
                "partial": "tom_scimma/partials/target_share_tab.html",
                "label": "Share data",
                "context": f"{__name__}.nothing",
            },
        ]

    def target_detail_buttons(self):
        return [{"partial": "tom_scimma/partials/target_share_button.html"}]

    def account_tests(self):
        return {"scimma": "tom_scimma.hopskotch_credentials.tested"}

    def profile_details(self):
        return [
            {"partial": "tom_scimma/partials/contacts_card.html", "context": "tom_scimma.views.contacts.card"},
            {"partial": "tom_scimma/partials/scimma_card.html", "context": "tom_scimma.views.hopskotch.card"},
        ]

    def include_url_paths(self):
        from django.urls import include, path

        return [path("", include("tom_scimma.pages", namespace="tom_scimma"))]

    def event_panels(self):
        return [
            {
                "partial": "tom_scimma/partials/supernova.html",
                "label": "Supernova neutrinos",
                "place": "card",
                "context": "tom_scimma.supernova.panel",
            }
        ]

    def data_services(self):
        return [{"class": "tom_scimma.dataservice.HopskotchDataService"}]

    def event_reactions(self):
        every = {"new", "updated", "reinstated"}
        return [
            {"name": "candidates", "on": {*every, "late"}, "run": "tom_scimma.candidates.react", "live_only": False},
            {"name": "annotate", "on": every, "run": "tom_scimma.annotate.react", "live_only": False},  # facts
            {
                "name": "coincidences",
                "on": {"retracted"},
                "run": "tom_scimma.annotators.coincidences.withdraw",
                "live_only": False,
            },
            {"name": "withdraw", "on": {"retracted"}, "run": "tom_scimma.acts.withdraw", "live_only": True},
            {
                "name": "subscriptions",
                "on": {*every, "retracted", "reported"},
                "run": "tom_scimma.subscriptions.react",
                "live_only": True,
                "tests": True,  # young tests too, for those who subscribed to tests
            },
        ]

    def destinations(self):
        return ["tom_scimma.destinations.hopskotch.Hopskotch", "tom_scimma.destinations.people.People"]

    def worker_jobs(self):
        return [
            job("targets made or moved", "tom_scimma.candidates.following.follow", seconds=2),
            job("targets written in bulk", "tom_scimma.candidates.following.reconcile", minutes=5),
            job("people told", "tom_scimma.telling.tell_due", seconds=5),
            job("new data shared", "tom_scimma.compose.standing.run", seconds=10),
            job("services asked", "tom_scimma.compose.questions.run", lane="questions", seconds=5),
            job("accounts tested", "tom_scimma.account_tests.run", lane="accounts", seconds=5),
            job("shared data compared", "tom_scimma.compose.corrections.run", minutes=5),
            job("annotations renewed", "tom_scimma.annotate.renew", lane="annotations", seconds=2),
            job("annotators renewed", "tom_scimma.annotate.refresh", lane="annotations", minutes=5),
            job("rights at SCiMMA", "tom_scimma.rights.follow_due", lane="SCiMMA", minutes=10),
            job("groups at SCiMMA", "tom_scimma.syncing.follow_due", lane="SCiMMA", hours=1),
            job("large messages fetched", "tom_scimma.overdue.fetch_due", lane="large messages", seconds=10),
            job("archive compared", "tom_scimma.archive.look.look", lane="archive", minutes=15),
            job("archive fetched", "tom_scimma.archive.asked.fetch_asked", lane="archive fetches", seconds=3),
            job(
                "archived attachments fetched",
                "tom_scimma.archive.attachments.fetch_wanted",
                lane="archive fetches",
                seconds=3,
            ),
        ]

    def subscription_actions(self):
        from tom_scimma.actions import offered

        return offered()

    def delivery_subjects(self):
        return {"contact": "tom_scimma.models.people.subjects"}

    def event_layers(self):
        ours = "tom_scimma.layers.ours"
        return [
            {"name": "contours", "label": "50 and 90 % contours", "features": f"{ours}.contours", "shown": True},
            {"name": "region", "label": "90 % region", "features": f"{ours}.region", "shown": True},
            {
                "name": "candidates",
                "label": "Candidates",
                "features": f"{ours}.candidates",
                "shown": True,
                "drawn": True,
            },
            {"name": "galaxies", "label": "Galaxies", "features": f"{ours}.galaxies"},
            {"name": "bodies", "label": "Sun and Moon", "features": f"{ours}.bodies", "shown": True},
            {"name": "ruled-out", "label": "Ruled out", "features": f"{ours}.ruled_out"},
        ]
