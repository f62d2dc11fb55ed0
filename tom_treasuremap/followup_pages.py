"""URLs of what is asked of telescopes, under /followup/."""

from datetime import date

from django.urls import path, register_converter

from tom_treasuremap.views import armings, asked, nights


class Date:
    """A date in an address: 2026-11-27."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        found = date.fromisoformat(value)
        if not 1900 <= found.year <= 2100:
            raise ValueError("no night of any telescope")
        return found

    def to_url(self, value: date) -> str:
        return value if isinstance(value, str) else value.isoformat()


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
    path("followup/arming/", armings.ArmingsView.as_view(), name="armings"),
    path("followup/arming/<int:pk>/disarm/", armings.DisarmView.as_view(), name="disarm"),
    path("followup/<event:name>/withdraw/", asked.EventWithdrawView.as_view(), name="event-withdraw"),
]
