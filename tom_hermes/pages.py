"""URLs of the pages; the host includes them under /hermes/."""

from django.urls import path

from tom_hermes.views import received

app_name = "tom_hermes"
urlpatterns = [
    path("received/", received.ReceivedListView.as_view(), name="received"),
    path("received/<int:pk>/", received.ReceivedView.as_view(), name="received-one"),
    path("received/<int:pk>/<slug:act>/", received.ReceivedActView.as_view(), name="received-act"),
    path("received/rows/<int:pk>/<slug:act>/", received.UnplacedActView.as_view(), name="unplaced-act"),
    path("targets/<int:pk>/", received.TargetReceivedView.as_view(), name="target-received"),
]
