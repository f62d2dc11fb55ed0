"""Messages: the list with its quarantine, the page of one, its bytes, and "try again"."""

from __future__ import annotations

from django.contrib import messages as notes
from django.contrib.auth.mixins import LoginRequiredMixin
from django.shortcuts import get_object_or_404, redirect, render
from django.views.generic import TemplateView, View

from tom_scimma import replay
from tom_scimma.archive import attachments, citing
from tom_scimma.filters import MessageFilter
from tom_scimma.legible import legible
from tom_scimma.models import Alert, Message, MessageBody
from tom_scimma.tables import MessageTable, QuarantineTable
from tom_scimma.views.events import ListMixin
from tom_scimma.views.files import attachment

ENDINGS = {
    "json": "json",
    "ndjson": "ndjson",
    "avro": "avro",
    "voevent": "xml",
    "circular": "txt",
    "gcntext": "txt",
    "csv": "csv",
}


class MessageListView(ListMixin):
    """Messages, newest first; `?state=quarantined` is the quarantine."""

    model = Message
    noun = "message"
    table_class = MessageTable
    filterset_class = MessageFilter
    template_name = "tom_scimma/messages.html"
    export_name = "tom_scimma:messages-export"

    @property
    def in_quarantine(self) -> bool:
        return self.request.GET.get("state") == Message.State.QUARANTINED

    def get_table_class(self):
        return QuarantineTable if self.in_quarantine else MessageTable

    def get_queryset(self):
        rows = Message.objects.visible_to(self.request.user).defer("headers")
        return rows if self.in_quarantine else rows.defer("traceback", "headers")

    def get_context_data(self, **kwargs):
        bad = Message.objects.visible_to(self.request.user).filter(state=Message.State.QUARANTINED)
        return super().get_context_data(quarantined=bad.count(), in_quarantine=self.in_quarantine, **kwargs)


def find(uid, user) -> Message:
    """The message with this id that this user may see, or Http404."""
    return get_object_or_404(Message.objects.visible_to(user), uid=uid)


class MessageView(TemplateView):
    """One message: how it came, what it says, what was made of it, what went wrong."""

    template_name = "tom_scimma/message.html"

    def get_context_data(self, **kwargs):
        message = find(self.kwargs["uid"], self.request.user)
        return super().get_context_data(**page(message, self.request.user), **kwargs)


def page(message: Message, user) -> dict:
    """What the page of a message shows."""
    known_format, text = legible(message.record()) if MessageBody.objects.filter(pk=message.pk).exists() else ("", "")
    alerts = Alert.objects.visible_to(user).filter(message=message).select_related("event").defer("document")
    notes = list(message.archive_records.all()[:10])
    return {
        "message": message,
        "known_format": known_format,
        "text": text,
        "alerts": alerts[:100],
        "archived": notes,
        "archive_links": citing.links_of(notes),
        "kept": attachments.kept(message),
    }


class MessageRawView(View):
    """The bytes as received, as a download."""

    def get(self, request, uid):
        return raw(find(uid, request.user))


def raw(message: Message):
    """The bytes of a visible message as a download."""
    body = get_object_or_404(MessageBody, pk=message.pk)
    return attachment(body.payload, f"{message.topic}-{message.uid}.{ENDINGS.get(message.format, 'bin')}")


class MessageRetryView(LoginRequiredMixin, View):
    """POST: parses the message again with today's parsers. Never live: it tells nobody and moves nothing."""

    http_method_names = ["post"]

    def post(self, request, uid):
        message = find(uid, request.user)
        replay.replay([message])
        message.refresh_from_db()
        if request.htmx and "row" in request.POST:
            return render(request, "tom_scimma/partials/why.html", {"record": message, "retried": True})
        if request.htmx:
            return render(
                request, "tom_scimma/partials/message_body.html", {**page(message, request.user), "retried": True}
            )
        if message.state == Message.State.QUARANTINED:
            notes.warning(request, f"It still cannot be read: {message.error[:300]}")
        else:
            notes.success(request, f"Read again: {message.get_state_display()}.")
        return redirect(message)
