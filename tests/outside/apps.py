from django.apps import AppConfig


class OutsideConfig(AppConfig):
    name = "tests.outside"
    label = "outside"

    def destinations(self):
        return ["tests.outside.parcel.Parcel", "tests.outside.parcel.Postcard", "tests.outside.parcel.Trial"]

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
