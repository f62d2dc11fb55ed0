"""URLs of what is asked of telescopes, under /followup/."""

from django.urls import path, register_converter

from tom_treasuremap.paths import Date
from tom_treasuremap.views import armings, asked, nights

register_converter(Date, "date")

urlpatterns = [
    path("followup/nights/", nights.NightsView.as_view(), name="nights"),
    path("followup/nights/<slug:telescope>/<date:night>/", nights.NightView.as_view(), name="night"),
    path(
        "followup/nights/<slug:telescope>/<date:night>/requests.<slug:form>",
        nights.NightFileView.as_view(),
        name="night-file",
    ),
    path("followup/requests/<int:pk>/<slug:act>/", asked.AskedActView.as_view(), name="asked-act"),
    path("followup/cadences/<int:pk>/<slug:act>/", asked.CadenceActView.as_view(), name="cadence-act"),
    path("followup/arming/", armings.ArmingsView.as_view(), name="armings"),
    path("followup/arming/<int:pk>/disarm/", armings.DisarmView.as_view(), name="disarm"),
    path("followup/<event:name>/withdraw/", asked.EventWithdrawView.as_view(), name="event-withdraw"),
]
