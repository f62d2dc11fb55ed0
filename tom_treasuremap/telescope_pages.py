"""URLs of what telescopes are and can do; `pages.py` takes them in."""

from django.urls import path

from tom_treasuremap.views import telescopes, tonight

AT = "followup/telescopes/"
urlpatterns = [
    path("treasuremap/<event:name>/tonight/", tonight.EventTonightView.as_view(), name="event-tonight"),
    path("api/events/<event:name>/tonight/", tonight.EventTonightJsonView.as_view(), name="event-tonight-json"),
    path("followup/targets/<int:pk>/tonight/", tonight.TargetTonightView.as_view(), name="target-tonight"),
    path(AT, telescopes.TelescopesView.as_view(), name="telescopes"),
    path(f"{AT}new/", telescopes.TelescopeEditView.as_view(), name="telescope-new"),
    path(f"{AT}import/", telescopes.TelescopeImportView.as_view(), name="telescope-import"),
    path(f"{AT}import/<int:pk>/", telescopes.TelescopeOfInstrumentView.as_view(), name="telescope-of-instrument"),
    path(f"{AT}<slug:name>/", telescopes.TelescopeView.as_view(), name="telescope"),
    path(f"{AT}<slug:name>.json", telescopes.TelescopeFileView.as_view(), name="telescope-file"),
    path(f"{AT}<slug:name>/state/", telescopes.TelescopeStateView.as_view(), name="telescope-state"),
    path(f"{AT}<slug:name>/edit/", telescopes.TelescopeEditView.as_view(), name="telescope-edit"),
    path(f"{AT}<slug:name>/remove/", telescopes.TelescopeRemoveView.as_view(), name="telescope-remove"),
]
