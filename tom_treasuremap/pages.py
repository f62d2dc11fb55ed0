"""URLs of the pages; the host includes them at its root."""

from django.urls import path

from tom_treasuremap.views import pointings

app_name = "tom_treasuremap"
urlpatterns = [
    path("treasuremap/<event:name>/pointings/", pointings.EventPointingsView.as_view(), name="event-pointings"),
    path(
        "treasuremap/<event:name>/pointings.<slug:form>",
        pointings.EventPointingsFileView.as_view(),
        name="event-pointings-file",
    ),
    path("treasuremap/<event:name>/fetch/", pointings.EventFetchView.as_view(), name="event-fetch"),
    path("treasuremap/<event:name>/load/", pointings.EventLoadView.as_view(), name="event-load"),
]
