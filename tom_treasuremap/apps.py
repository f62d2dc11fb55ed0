"""The app and its hooks into the host and the trunk."""

from __future__ import annotations

from django.apps import AppConfig

from tom_scimma.hooks import job


class TomTreasuremapConfig(AppConfig):
    name = "tom_treasuremap"
    verbose_name = "Treasure Map"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from tom_treasuremap import ahead, checks  # noqa: F401  registers them

        ahead.connect()
        self._watch_plans()
        self._watch_observations()
        self._watch_the_switch()

    def _watch_observations(self):
        from django.db.models.signals import post_save
        from tom_observations.models import ObservationRecord

        from tom_treasuremap import observed
        from tom_treasuremap.followup import joining

        # in this order: what is told of an observation of ours is what is known of it once it has met its request
        post_save.connect(joining.saved, sender=ObservationRecord, dispatch_uid="tom_treasuremap.joining")
        post_save.connect(observed.saved, sender=ObservationRecord, dispatch_uid="tom_treasuremap.observed")

    def _watch_the_switch(self):
        from django.db.models.signals import post_save

        from tom_scimma.models import Stop
        from tom_treasuremap.followup import arming

        post_save.connect(arming.stopped, sender=Stop, dispatch_uid="tom_treasuremap.stopped")

    def _watch_plans(self):
        from tom_treasuremap.plans import watching
        from tom_treasuremap.signals import pointings_changed

        pointings_changed.connect(watching.changed, dispatch_uid="tom_treasuremap.plans")

    def include_url_paths(self):
        from django.urls import include, path

        return [path("", include("tom_treasuremap.pages", namespace="tom_treasuremap"))]

    def observation_facilities(self):
        return [{"class": "tom_treasuremap.facility.FollowUpFacility"}]

    def target_detail_buttons(self):
        rests = "tom_treasuremap.followup.cadences.resting_on"
        return [{"partial": "tom_treasuremap/partials/target_follow_up_button.html", "context": rests}]

    def candidate_buttons(self):
        return [{"partial": "tom_treasuremap/partials/candidate_follow_up_button.html"}]

    def subscription_actions(self):
        ours, plans = "tom_treasuremap.followup.acting", "tom_treasuremap.plans.automatic"
        form = f"{ours}.FollowUpForm"
        return [
            {"name": "follow_up", "label": "Ask a telescope", "run": f"{ours}.run", "form": form},
            {"name": "plan", "label": "Make a plan", "run": f"{plans}.run", "form": f"{plans}.PlanForm"},
        ]

    def nav_items(self):
        return [{"partial": "tom_treasuremap/partials/followup_nav.html"}]

    def event_annotators(self):
        return ["tom_treasuremap.up.annotate"]

    def event_panels(self):
        pointings = "tom_treasuremap/partials/pointings.html"
        return [
            {
                "partial": "tom_treasuremap/partials/follow_up_card.html",
                "label": "Follow-up",
                "place": "card",
                "context": "tom_treasuremap.followup.withdrawn.panel",
            },
            {
                "partial": "tom_treasuremap/partials/tonight.html",
                "label": "Tonight",
                "place": "tab",
                "url": "tom_treasuremap:event-tonight",
            },
            {"partial": pointings, "label": "Pointings", "place": "tab", "url": "tom_treasuremap:event-pointings"},
            {
                "partial": "tom_treasuremap/partials/coverage.html",
                "label": "Coverage",
                "place": "tab",
                "url": "tom_treasuremap:event-coverage",
            },
            {
                "partial": "tom_treasuremap/partials/event_plans.html",
                "label": "Plans",
                "place": "tab",
                "url": "tom_treasuremap:event-plans",
            },
            {
                "partial": "tom_treasuremap/partials/planned_card.html",
                "label": "Planned at the Treasure Map",
                "place": "card",
                "context": "tom_treasuremap.withdrawing.panel",
            },
        ]

    def firedrill_steps(self):
        drill = "tom_treasuremap.plans.drill"
        return [
            {"name": "planned", "run": f"{drill}.plan"},
            {"name": "approved and written down", "run": f"{drill}.approve"},
        ]

    def ledger_sources(self):
        ledger = "tom_treasuremap.plans.ledger"
        return {step: f"{ledger}.{step}" for step in ("planned", "approved", "submitted", "exposed")}

    def event_layers(self):
        ours = "tom_treasuremap.layers"
        return [
            {"name": "observed", "label": "Observed", "features": f"{ours}.completed", "shown": True},
            {"name": "planned", "label": "Planned", "features": f"{ours}.planned"},
            {"name": "often", "label": "How often seen", "features": f"{ours}.often"},
            {"name": "plan", "label": "Plan", "features": "tom_treasuremap.plans.layer.fields"},
        ]

    def galaxy_links(self):
        return [{"label": "Tell the Treasure Map", "url": "tom_treasuremap:event-galaxies"}]

    def event_reactions(self):
        maps = {"new", "updated", "reinstated", "late"}
        return [
            {"name": "coverage", "on": maps, "run": "tom_treasuremap.ahead.react", "live_only": False},
            {
                "name": "requests withdrawn",
                "on": {"retracted"},
                "run": "tom_treasuremap.followup.withdrawn.retracted",
                "live_only": True,
            },
            {
                "name": "cadences at rest",
                "on": {"retracted", "reinstated"},
                "run": "tom_treasuremap.followup.cadences.react",
                "live_only": False,
            },
            {
                "name": "reports outside",
                "on": {"updated"},
                "run": "tom_treasuremap.withdrawing.shrunk",
                "live_only": True,
            },
            {
                "name": "plans",
                "on": {"updated", "late"},
                "run": "tom_treasuremap.plans.versions.mapped",
                "live_only": True,
            },
            {
                "name": "plans withdrawn",
                "on": {"retracted"},
                "run": "tom_treasuremap.plans.versions.withdrawn",
                "live_only": True,
            },
        ]

    def destinations(self):
        return [
            "tom_treasuremap.destination.TreasureMapPointings",
            "tom_treasuremap.completing.TreasureMapComplete",
            "tom_treasuremap.cancelling.TreasureMapCancel",
            "tom_treasuremap.dois.TreasureMapDoi",
            "tom_treasuremap.counterparts.TreasureMapCandidate",
            "tom_treasuremap.galaxies.TreasureMapGalaxies",
            "tom_treasuremap.registering.TreasureMapInstrument",
            "tom_treasuremap.transports.hopskotch.Ask",
            "tom_treasuremap.transports.hopskotch.Cancel",
            "tom_treasuremap.transports.ocs.Submit",
            "tom_treasuremap.transports.ocs.Cancel",
            "tom_treasuremap.transports.simulated.Submit",
            "tom_treasuremap.transports.simulated.Cancel",
        ]

    def message_receivers(self):
        from tom_treasuremap.transports.hopskotch import heard

        return dict.fromkeys(heard(), "tom_treasuremap.transports.hopskotch.received")

    def account_tests(self):
        return {
            "treasuremap": "tom_treasuremap.accounts.tested",
            "observatory": "tom_treasuremap.transports.ocs.tested",
        }

    def profile_details(self):
        return [
            {"partial": "tom_treasuremap/partials/profile.html", "context": "tom_treasuremap.views.account.card"},
            {"partial": "tom_treasuremap/partials/ocs_profile.html", "context": "tom_treasuremap.views.ocs.card"},
        ]

    def target_detail_tabs(self):
        tab = "tom_treasuremap/partials/target_tab.html"
        night = "tom_treasuremap/partials/tonight_tab.html"
        return [
            {"partial": night, "label": "Tonight", "context": "tom_scimma.apps.nothing"},
            {"partial": tab, "label": "Treasure Map", "context": "tom_scimma.apps.nothing"},
        ]

    def delivery_subjects(self):
        return {"instrument": "tom_treasuremap.registering.subjects"}

    def worker_jobs(self):
        ours = "tom_treasuremap"
        ask = "pointings"  # what waits for a service that is slow must not stand before what does not
        return [
            job("pointings fetched", f"{ours}.following.follow", lane=ask, seconds=15),
            job("plans fetched", f"{ours}.gathering.ask_plans", lane=ask, minutes=5),
            job("coverage worked out", f"{ours}.working.due", lane="coverage", seconds=2),
            job("telescopes asked", f"{ours}.followup.following.follow", lane="telescopes", seconds=2),
            job("data products looked for", f"{ours}.followup.arriving.look", lane="telescopes", minutes=1),
            job("requests taken back", f"{ours}.followup.cancelling.due", seconds=5),
            job("requests joined", f"{ours}.followup.joining.strays", minutes=1),
            # a first plan never waits for another one to become better
            job("plans begun", f"{ours}.plans.making.begin", lane="plans", seconds=1),
            job("plans improved", f"{ours}.plans.making.improve", lane="plans improved", seconds=1),
            job("plans watched", f"{ours}.plans.watching.watch", lane="plans", seconds=15),
            job("own pointings", f"{ours}.gathering.gather", minutes=1),
            job("own reports", f"{ours}.observed.reconcile", minutes=1),
        ]
