"""TOM Toolkit's data service "Hopskotch": stored events by name, kind, time, cone and map, messages of the archive by words,
topic and time, and targets made of both.

The host keeps results in a cache that all its users share, and gives them back to whoever asks the same. So a result is
nothing but the key of an event, which is looked up again for the user at hand when it is shown and when a target is made;
or a message of the archive that anybody may read there.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any
from uuid import UUID

from crispy_forms.layout import HTML, Column, Layout, Row
from django import forms
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from tom_dataservices.dataservices import DataService, QueryServiceError
from tom_dataservices.forms import BaseQueryForm
from tom_targets.models import Target
from tom_targets.permissions import targets_for_user

from tom_scimma import stored, wording
from tom_scimma.archive import search
from tom_scimma.archive.search import PAGES
from tom_scimma.errors import ScimmaError
from tom_scimma.filters import UtcField
from tom_scimma.models import Event
from tom_scimma.models.seen import known_aliases
from tom_scimma.query.errors import QueryError
from tom_scimma.stored import Wanted

#: the host shows no more
MOST = 100
#: what is asked of events here, and what more of the archive
HERE = ("name", "kind", "since", "until", "ra", "dec", "radius", "inside", "tests")
CONE = ("ra", "dec", "radius")
ARCHIVE = ("where", "text", "topic", "page")


class Refusal(QueryServiceError, NotImplementedError):
    """No target can be made of this. The host's page shows a NotImplementedError, its command a QueryServiceError."""


class TextTime(UtcField):
    """A time in UTC that stays text: the host keeps a form's values in the session and in a saved query, as JSON."""

    def clean(self, value):
        found = super().clean(value)
        return "" if found is None else found.isoformat()


class HopskotchForm(BaseQueryForm):
    """What to look for among the events this TOM has heard of, or the messages of the Hopskotch archive."""

    where = forms.ChoiceField(
        required=False, label="Where", choices=[("", "events here"), ("archive", "messages of the Hopskotch archive")]
    )
    name = forms.CharField(required=False, label="Name, or part of one", max_length=200)
    kind = forms.ChoiceField(
        required=False, label="Kind", choices=[("", "any"), *((code, words) for code, words in wording.KINDS.items())]
    )
    since = TextTime(required=False, label="Event time from (UTC)")
    until = TextTime(required=False, label="Event time to (UTC)")
    ra = forms.FloatField(required=False, label="RA of a cone (degrees)", min_value=0, max_value=360)
    dec = forms.FloatField(required=False, label="Dec of a cone (degrees)", min_value=-90, max_value=90)
    radius = forms.FloatField(required=False, label="Radius of the cone (degrees)", min_value=0, max_value=180)
    inside = forms.CharField(required=False, label="Inside the 90 % region of the event", max_length=200)
    tests = forms.BooleanField(required=False, label="Tests too")
    text = forms.CharField(
        required=False,
        label="Archive: words",
        max_length=300,
        help_text='As in a web search: "a phrase", or, -without. The times above are those of the message.',
    )
    topic = forms.CharField(required=False, label="Archive: topic", max_length=249)
    page = forms.IntegerField(required=False, label="Archive: page of 100", min_value=1, max_value=PAGES)

    def get_layout(self) -> Layout:
        """All of it in sight: what is wrong in the host's folded *Advanced* nobody sees."""
        return Layout(
            "where",
            Row(Column("name", css_class="col-md-8"), Column("kind", css_class="col-md-4")),
            Row(*(Column(name, css_class="col-md-6") for name in ("since", "until"))),
            Row(*(Column(name, css_class="col-md-4") for name in CONE)),
            Row(Column("inside", css_class="col-md-8"), Column("tests", css_class="col-md-4 align-self-center")),
            Row(
                Column("text", css_class="col-md-6"),
                Column("topic", css_class="col-md-4"),
                Column("page", css_class="col-md-2"),
            ),
            HTML("{% include 'tom_scimma/partials/data_service_style.html' %}"),
        )

    def clean(self):
        values = super().clean()
        missing = [name for name in CONE if values.get(name) is None]
        if len(missing) < len(CONE):
            for name in missing:
                if name not in self.errors:
                    self.add_error(name, "A cone needs RA, Dec and a radius.")
        since, until = values.get("since"), values.get("until")
        if since and until and datetime.fromisoformat(since) > datetime.fromisoformat(until):
            self.add_error("until", "This is earlier than “Event time from”.")
        return values


class HopskotchDataService(DataService):
    """Events of every stream this TOM has heard, as far as the user may see them; without a user the public ones."""

    name = "Hopskotch"
    verbose_name = "Hopskotch: events this TOM has heard of, and the archive"
    info_url = "https://scimma.org/hopskotch"
    service_notes = "Asks this TOM's own database, or the Hopskotch archive for what anybody may read there."
    query_results_table = "tom_scimma/partials/stored_events.html"

    @classmethod
    def get_form_class(cls):
        return HopskotchForm

    def build_query_parameters(self, parameters: dict[str, Any], **kwargs) -> dict[str, Any]:
        """The form's values, and whose query it is: the host gives equal parameters another's results."""
        kept = {name: parameters.get(name) for name in (*HERE, *(ARCHIVE if parameters.get("where") else ()))}
        return {**kept, "user": getattr(self.user, "pk", None)}

    def query_service(self, query_parameters: dict[str, Any], **kwargs) -> list[Event]:
        """The events. Raises QueryServiceError for whatever goes wrong."""
        try:
            found = stored.search(_wanted(query_parameters), self._who, limit=MOST + 1)
        except (QueryError, DatabaseError, ValueError, TypeError, OverflowError) as error:
            raise QueryServiceError(f"The stored events could not be searched: {_harmless(error)}") from error
        if self.user is None:  # run from a command, which makes a target of every result
            found = [event for event in found if not why_not(event)]
        self.query_results = found
        return found

    def query_targets(self, query_parameters: dict[str, Any], **kwargs) -> list[dict[str, Any]]:
        """A result for each event: its key, and nothing that the shared cache could tell others; or public messages."""
        if query_parameters.get("where") == "archive":
            return self._archived(query_parameters)
        return [{"event": event.pk} for event in self.query_service(query_parameters)]

    def _archived(self, query_parameters: dict[str, Any]) -> list[dict[str, Any]]:
        """Messages of the archive, a page. Raises QueryServiceError for whatever goes wrong."""
        if self.user is None:
            raise QueryServiceError("The archive is searched by a person on the page, not by a saved query.")
        try:
            return search.search(_sought(query_parameters))
        except (ScimmaError, ImproperlyConfigured, ValueError, TypeError, OverflowError) as error:
            raise QueryServiceError(f"The archive could not be searched: {_harmless(error)}") from error

    def _archived_target(self, uuid: str) -> Target:
        try:
            said = search.notice(UUID(uuid))
        except (ScimmaError, ImproperlyConfigured, ValueError) as error:
            raise Refusal(f"No target can be made of it: {error}.") from error
        self._refuse_taken(said.event)
        return Target(name=said.event, type=Target.SIDEREAL, ra=said.sky.ra_deg, dec=said.sky.dec_deg, epoch=2000)

    def _refuse_taken(self, name: str) -> None:
        taken = Target.objects.filter(name=name)
        if taken.exists() and not targets_for_user(self._who, taken, "view_target").exists():
            raise Refusal(f"There is a target called {name} that you may not see. Ask its owner to share it.")
        if len(name) > 100:
            raise Refusal("Its name is longer than a target's may be.")

    def create_target_from_query(self, target_result: dict[str, Any], **kwargs) -> Target:
        """An unsaved target at the event's position. Raises Refusal where the user may not see it or it has no position."""
        if "archived" in target_result:
            return self._archived_target(str(target_result["archived"]))
        event = Event.objects.visible_to(self._who).filter(pk=target_result.get("event")).first()
        if event is None:
            raise Refusal("That event is not there any more. Run the query again.")
        if reason := why_not(event):
            raise Refusal(f"{event.name}: {reason}")
        self._refuse_taken(event.name)
        self._event = event
        return Target(name=event.name, type=Target.SIDEREAL, ra=event.ra, dec=event.dec, epoch=2000)

    def to_target(self, target_result: dict[str, Any] | None = None, **kwargs) -> Target | None:
        """The saved target. The host's page would make none of those after one that cannot be: there it is told, and is None."""
        request = kwargs.get("request")
        try:
            return super().to_target(target_result, **kwargs)
        except Refusal as error:
            if request is None:
                raise
            messages.error(request, str(error))
            return None

    def query_aliases(self, query_parameters=None, target=None, **kwargs) -> list[str]:
        """The event's other names that the user may know."""
        event = getattr(self, "_event", None)
        if event is None or target is None or target.name != event.name:
            return []
        names = known_aliases(self._who).filter(event=event).exclude(name=event.name).values_list("name", flat=True)
        return [name for name in names if len(name) <= 100]

    def create_reduced_datums_from_query(self, target, data, data_type=None, **kwargs) -> list:
        """None: events are no measurements."""
        return []

    @property
    def _who(self):
        return self.user or AnonymousUser()


def _wanted(said: dict[str, Any]) -> Wanted:
    """The query of a form's values. Raises ValueError."""
    place = [said.get(name) for name in CONE]
    known = [float(value) for value in place if value not in (None, "")]
    if len(known) not in (0, 3) or not all(map(math.isfinite, known)):
        raise ValueError("a cone needs RA, Dec and a radius, in degrees")
    return Wanted(
        name=_text(said.get("name")),
        kind=said.get("kind") or "",
        since=datetime.fromisoformat(said["since"]) if said.get("since") else None,
        until=datetime.fromisoformat(said["until"]) if said.get("until") else None,
        cone=(known[0], known[1], known[2]) if known else None,
        inside=_text(said.get("inside")),
        tests=bool(said.get("tests")),
    )


def _harmless(error: Exception) -> str:
    """What went wrong; the host's page puts it between its own HTML as it is."""
    return str(error).replace("&", "&amp;").replace("<", "&lt;")


def _sought(said: dict[str, Any]) -> search.Sought:
    """The query of the archive of a form's values. Raises ValueError."""
    return search.Sought(
        text=_text(said.get("text") or said.get("name")),
        topic=_text(said.get("topic")),
        since=datetime.fromisoformat(said["since"]) if said.get("since") else None,
        until=datetime.fromisoformat(said["until"]) if said.get("until") else None,
        page=int(said.get("page") or 1),
    )


def _text(said: Any) -> str:
    """A name as it was typed. Raises ValueError for one with a NUL, which no database takes."""
    text = str(said or "").strip()
    if "\0" in text:
        raise ValueError("a name has no NUL in it")
    return text


def why_not(event: Event) -> str:
    """Why no target can be made of an event; "" where one can."""
    if event.ra is None or (event.localization_id is not None and event.radius_deg is None):
        return "it has no position of its own; its candidates are on its page."
    if len(event.name) > 100:
        return "its name is longer than a target's may be."
    if not event.public:  # the host would show the target to every group of whoever makes it
        return "it is protected, and a target made here would be shown to all your groups. Its topic's policy makes targets."
    return ""
