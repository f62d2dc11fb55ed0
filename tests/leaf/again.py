"""Another app whose layer has the same name."""

from django.apps import AppConfig


class AgainConfig(AppConfig):
    name = "tests.leaf.again"
    label = "again"

    def event_layers(self):
        return [{"name": "pointings", "label": "Planned", "features": "tests.leaf.pointings.features"}]
