"""URLs of the pages; the host includes them under /hermes/."""

from django.urls import path

from tom_hermes.views import account, received, shared

app_name = "tom_hermes"
urlpatterns = [
    path("account/", account.TokenView.as_view(), name="token"),
    path("account/test/", account.AccountTestView.as_view(), name="account-test"),
    path("account/card/", account.AccountCardView.as_view(), name="account-card"),
    path("shared/", shared.SharedListView.as_view(), name="shared"),
    path("shared/targets/<int:target>/", shared.SharedListView.as_view(), name="target-shared"),
    path("shared/<int:pk>/<slug:act>/", shared.RetractView.as_view(), name="retract"),
    path("received/", received.ReceivedListView.as_view(), name="received"),
    path("received/<int:pk>/", received.ReceivedView.as_view(), name="received-one"),
    path("received/<int:pk>/<slug:act>/", received.ReceivedActView.as_view(), name="received-act"),
    path("received/rows/<int:pk>/<slug:act>/", received.UnplacedActView.as_view(), name="unplaced-act"),
    path("targets/<int:pk>/", received.TargetReceivedView.as_view(), name="target-received"),
]
