"""The Archive page: what the archive has and this TOM does not, the click that fetches it, and how far that is."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import TemplateView, View

from tom_scimma.archive import access, asked, attachments, look, shown
from tom_scimma.conf import conf
from tom_scimma.models import Backfill
from tom_scimma.topics import Topic
from tom_scimma.views.messages import find
from tom_scimma.views.streams import PERMISSION

#: states in which a stretch is still to be fetched
GOING = (Backfill.State.QUEUED, Backfill.State.RUNNING)


class ArchiveView(TemplateView):
    """Topic by topic and day by day. An htmx request gets the part that changes."""

    def get_template_names(self):
        return ["tom_scimma/partials/archive_live.html" if self.request.htmx else "tom_scimma/archive.html"]

    def get_context_data(self, **kwargs):
        user, now = self.request.user, timezone.now()
        fetched = shown.fetched(user, now)
        return super().get_context_data(
            now=now,
            going=any(row.state in GOING for row in fetched),
            today=now.date(),
            month=now.date() - timedelta(days=30),
            topics=shown.compared(user, now),
            fetched=fetched,
            closed=shown.closed(user, now),
            archives=sorted({access.url(source) for source in access.archived_sources().values()}),
            job=shown.job(),
            days=conf.ARCHIVE_DAYS,
            may_fetch=user.has_perm(PERMISSION),
            **kwargs,
        )


class ArchiveLookView(PermissionRequiredMixin, View):
    """POST: compares all days again, soon."""

    permission_required = PERMISSION
    raise_exception = True
    http_method_names = ["post"]

    def post(self, request):
        shown.look_soon(timezone.now())
        messages.success(request, "The worker compares all days again in a moment.")
        return redirect("tom_scimma:archive")


class ArchiveFetchView(PermissionRequiredMixin, View):
    """POST `source` (may be left out), `topic`, `first`, `last` (days, UTC) and `whole`: the worker fetches what is not here."""

    permission_required = PERMISSION
    raise_exception = True
    http_method_names = ["post"]

    def post(self, request):
        try:
            row = fetch(request.user, request.POST)
        except ValueError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{row.topic}: the worker fetches what is not here. Nobody is told of it.")
        return redirect("tom_scimma:archive")


def fetch(user, said) -> Backfill:
    """Queues what was asked for. Raises Http404 for a topic that is none, or is not for this user; ValueError for days that are none."""
    topic = _topic(user, str(said.get("source") or ""), str(said.get("topic") or ""))
    first, last = _day(said.get("first")), _day(said.get("last"))
    if last < first:
        raise ValueError("the first day must not be after the last.")
    since, until = look.midnight(first), look.midnight(last + timedelta(days=1))
    if since > timezone.now():
        raise ValueError("these days are still to come.")
    return asked.ask(
        topic.source, topic.name, since, until, user, whole=str(said.get("whole") or "") in ("on", "true", "True", "1")
    )


def _topic(user, source: str, name: str) -> Topic:
    for topic in shown.topics(user, timezone.now()):
        if topic.name == name and source in ("", topic.source):
            return topic
    raise Http404("no such topic")


def _day(said) -> date:
    try:
        return datetime.strptime(str(said or ""), "%Y-%m-%d").date()
    except ValueError:
        raise ValueError("write days as 2026-11-21.") from None


class MessageFetchView(LoginRequiredMixin, View):
    """POST: the worker fetches a large message of which only the reference is here."""

    http_method_names = ["post"]

    def post(self, request, uid):
        message = find(uid, request.user)
        if attachments.want(message):
            messages.success(request, "The worker fetches it from the archive; reload the page in a moment.")
        else:
            messages.error(request, "This message is here in full, or its reference did not come from the archive.")
        return redirect(message)
