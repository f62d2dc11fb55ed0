"""The app's hook, as an app would write it."""

from django.apps import AppConfig


class LeafConfig(AppConfig):
    name = "tests.leaf"
    label = "leaf"

    def event_layers(self):
        return [
            {
                "name": "pointings",
                "label": "Observed",
                "features": "tests.leaf.pointings.features",
                "shown": True,
                "drawn": True,
            }
        ]
