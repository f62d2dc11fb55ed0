"""What an alert said, in another form, as a download: the newest of the event's source that one may see, or the one asked for."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.generic import View

from tom_scimma import site
from tom_scimma.archive.citing import cited
from tom_scimma.models import Alert
from tom_scimma.models.alerts import FOREMOST
from tom_scimma.translate import FORMS, translate
from tom_scimma.views.events import EventMixin
from tom_scimma.views.files import attachment


class EventNoticeView(EventMixin, View):
    """GET `?alert=ID`: that version of the event as JSON, VOEvent or text; without it its source's newest, else the newest report."""

    def get(self, request, name, form):
        alerts = Alert.objects.visible_to(request.user).filter(event=self.event).order_by(*FOREMOST)
        wanted = request.GET.get("alert", "")
        if wanted:
            alerts = alerts.filter(pk=int(wanted) if wanted.isdecimal() and len(wanted) < 19 else -1)
        alert = alerts.first()
        if alert is None:
            raise Http404("no such version of this event")
        return download(alert, form)


def download(alert: Alert, form: str) -> HttpResponse:
    """An alert that may be seen, as a file. Raises Http404 for a form that is none."""
    if form not in FORMS:
        raise Http404(f"a notice is given as {', '.join(FORMS)}")
    said = translate(cited(alert), form, authority=site.authority())
    name = f"{alert.notice.event}-{alert.alert_type}-{alert.order:%Y%m%dT%H%M%S}.{said.ending}"
    return attachment(said.data, name, said.content_type)
