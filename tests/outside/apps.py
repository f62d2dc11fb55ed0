import os

from django.apps import AppConfig


class OutsideConfig(AppConfig):
    name = "tests.outside"
    label = "outside"

    def destinations(self):
        own = ["tests.outside.parcel.Parcel", "tests.outside.parcel.Postcard", "tests.outside.parcel.Trial"]
        if not os.environ.get("MORTAL"):
            return own
        from tests.outside import mortal

        return [*own, *mortal.ALL]  # in the place of those that the apps before this one bring

    def event_reactions(self):
        changes = {"new", "updated", "retracted", "reinstated"}
        where = "tests.outside.reactions"
        return [
            {"name": "first", "on": changes, "run": f"{where}.first", "live_only": False},
            {"name": "second", "on": changes, "run": f"{where}.second", "live_only": True},
        ]

    def worker_jobs(self):
        from datetime import timedelta

        return [{"name": "tick", "every": timedelta(seconds=1), "run": "tests.outside.reactions.tick"}]
