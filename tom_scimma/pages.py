"""URLs of the pages; the host includes them at its root."""

from django.urls import path, register_converter

from tom_scimma import health, metrics
from tom_scimma.paths import EventName
from tom_scimma.views import (
    candidates,
    contacts,
    events,
    find,
    galaxies,
    maps,
    messages,
    pictures,
    sent,
    streams,
    subscriptions,
    told,
)

register_converter(EventName, "event")

app_name = "tom_scimma"
urlpatterns = [
    path("events/", events.EventListView.as_view(), name="events"),
    path("events/<event:name>/", events.EventView.as_view(), name="event"),
    path("events/<event:name>/skymap.png", pictures.EventSkyMapView.as_view(), name="event-skymap"),
    path("events/<event:name>/skymap.<slug:form>", pictures.EventSkyMapView.as_view(), name="event-skymap-as"),
    path("events/<event:name>/distance.<slug:form>", pictures.EventDistanceView.as_view(), name="event-distance"),
    path("events/<event:name>/sky.json", pictures.EventSkyView.as_view(), name="event-sky"),
    path("events/<event:name>/sky/<slug:layer>.json", pictures.EventLayerView.as_view(), name="event-layer"),
    path("events/<event:name>/targets/", events.EventTargetsView.as_view(), name="event-targets"),
    path("events/<event:name>/candidates/", candidates.EventCandidatesView.as_view(), name="event-candidates"),
    path("events/<event:name>/candidates/decide/", candidates.CandidatesDecideView.as_view(), name="candidates-decide"),
    path("events/<event:name>/candidates/add/", candidates.CandidateAddView.as_view(), name="candidate-add"),
    path("events/<event:name>/candidates/<int:pk>/", candidates.CandidateDecideView.as_view(), name="candidate-decide"),
    path("scimma/targets/<int:pk>/events/", candidates.TargetEventsView.as_view(), name="target-events"),
    path("events/<event:name>/panel/<slug:slug>/", events.EventPanelView.as_view(), name="event-panel"),
    path("events/<event:name>/galaxies/", galaxies.EventGalaxiesView.as_view(), name="event-galaxies"),
    path(
        "events/<event:name>/galaxies.<slug:form>", galaxies.EventGalaxiesFileView.as_view(), name="event-galaxies-file"
    ),
    path(
        "events/<event:name>/galaxies/targets/",
        galaxies.EventGalaxiesTargetsView.as_view(),
        name="event-galaxies-targets",
    ),
    path("find/", find.FindView.as_view(), name="find"),
    path("find/found.<slug:form>", find.FindFileView.as_view(), name="find-file"),
    path("find/names/", find.names_of, name="find-names"),
    path("find/completion.js", find.completion, name="find-completion"),
    path("subscriptions/", subscriptions.SubscriptionListView.as_view(), name="subscriptions"),
    path("subscriptions/new/", subscriptions.SubscriptionEditView.as_view(), name="subscription-new"),
    path("subscriptions/save/", subscriptions.SubscriptionSaveView.as_view(), name="subscription-save"),
    path("subscriptions/hindsight/", subscriptions.HindsightView.as_view(), name="hindsight"),
    path("subscriptions/<int:pk>/", subscriptions.SubscriptionView.as_view(), name="subscription"),
    path("subscriptions/<int:pk>/edit/", subscriptions.SubscriptionEditView.as_view(), name="subscription-edit"),
    path("subscriptions/<int:pk>/switch/", subscriptions.SubscriptionSwitchView.as_view(), name="subscription-switch"),
    path("subscriptions/<int:pk>/delete/", subscriptions.SubscriptionDeleteView.as_view(), name="subscription-delete"),
    path("subscriptions/<int:pk>/test/", subscriptions.SubscriptionTestView.as_view(), name="subscription-test"),
    path("galaxies/", galaxies.GalaxyCatalogsView.as_view(), name="galaxies"),
    path("localizations/<int:pk>.png", maps.LocalizationImageView.as_view(), name="localization-png"),
    path("localizations/<int:pk>.fits", maps.LocalizationFitsView.as_view(), name="localization-fits"),
    path("messages/", messages.MessageListView.as_view(), name="messages"),
    path("messages/<uuid:uid>/", messages.MessageView.as_view(), name="message"),
    path("messages/<uuid:uid>/raw/", messages.MessageRawView.as_view(), name="message-raw"),
    path("messages/<uuid:uid>/retry/", messages.MessageRetryView.as_view(), name="message-retry"),
    path("streams/", streams.StreamsView.as_view(), name="streams"),
    path("streams/reactions/<int:pk>/", streams.ReactionRetryView.as_view(), name="reaction-retry"),
    path("streams/choice/", streams.StreamChoiceView.as_view(), name="stream-choice"),
    path("sent/", sent.SentListView.as_view(), name="sent"),
    path("sent/stop/", sent.StopView.as_view(), name="sent-stop"),
    path("sent/<int:pk>/", sent.DeliveryView.as_view(), name="delivery"),
    path("sent/<int:pk>/payload/", sent.DeliveryPayloadView.as_view(), name="delivery-payload"),
    path("sent/<int:pk>/<slug:act>/", sent.DeliveryActView.as_view(), name="delivery-act"),
    path("contacts/new/", contacts.ContactEditView.as_view(), name="contact-new"),
    path("contacts/<int:pk>/", contacts.ContactEditView.as_view(), name="contact"),
    path("contacts/<int:pk>/test/", contacts.ContactTestView.as_view(), name="contact-test"),
    path("contacts/<int:pk>/forget/", contacts.ContactForgetView.as_view(), name="contact-forget"),
    path("events/<event:name>/told/", told.EventToldView.as_view(), name="event-told"),
    path("told/", told.ToldView.as_view(), name="told"),
    path("told/<int:pk>/seen/", told.TellingSeenView.as_view(), name="telling-seen"),
    path("told/seen/<str:token>/", told.SeenView.as_view(), name="seen"),
    path("scimma/health/", health.health, name="health"),
    path("scimma/metrics", metrics.metrics, name="metrics"),
]
