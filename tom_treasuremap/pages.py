"""URLs of the pages; the host includes them at its root."""

from django.urls import path

from tom_treasuremap.views import coverage, pointings

app_name = "tom_treasuremap"
urlpatterns = [
    path("treasuremap/<event:name>/coverage/", coverage.EventCoverageView.as_view(), name="event-coverage"),
    path(
        "treasuremap/<event:name>/coverage/curve.<slug:form>",
        coverage.EventCoverageCurveView.as_view(),
        name="event-coverage-curve",
    ),
    path(
        "treasuremap/<event:name>/coverage/left.<slug:form>",
        coverage.EventResidualView.as_view(),
        name="event-residual",
    ),
    path("api/events/<event:name>/coverage/", coverage.CoverageJsonView.as_view(), name="event-coverage-json"),
    path("treasuremap/<event:name>/pointings/", pointings.EventPointingsView.as_view(), name="event-pointings"),
    path(
        "treasuremap/<event:name>/pointings.<slug:form>",
        pointings.EventPointingsFileView.as_view(),
        name="event-pointings-file",
    ),
    path("treasuremap/<event:name>/fetch/", pointings.EventFetchView.as_view(), name="event-fetch"),
    path("treasuremap/<event:name>/load/", pointings.EventLoadView.as_view(), name="event-load"),
]
