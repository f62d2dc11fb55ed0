"""URLs of the pages; the host includes them at its root."""

from django.urls import path

from tom_scimma.health import health
from tom_scimma.metrics import metrics
from tom_scimma.views.streams import StreamChoiceView, StreamsView

app_name = "tom_scimma"
urlpatterns: list = [
    path("streams/", StreamsView.as_view(), name="streams"),
    path("streams/choice/", StreamChoiceView.as_view(), name="stream-choice"),
    path("scimma/health/", health, name="health"),
    path("scimma/metrics", metrics, name="metrics"),
]
