"""The Streams page: every topic and consumer and how they do, and the click that adds or drops a topic."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import TemplateView, View

from tom_scimma import audience, backfill, ledger, services
from tom_scimma.conf import conf
from tom_scimma.models import Alert, Reaction, TopicState
from tom_scimma.sources import sources
from tom_scimma.topics import survey
from tom_scimma.workload import workload

PERMISSION = "tom_scimma.change_topicstate"
RETRY = "tom_scimma.change_reaction"


class StreamsView(TemplateView):
    """What this TOM hears. An htmx request gets the part that changes."""

    def get_template_names(self):
        return ["tom_scimma/partials/streams_live.html" if self.request.htmx else "tom_scimma/streams.html"]

    def get_context_data(self, **kwargs):
        seen = survey(timezone.now()).visible(self.request.user)
        return super().get_context_data(
            survey=seen,
            load=workload(seen.now),
            staff=self.request.user.is_staff,
            failed=_failed(seen.now) if self.request.user.has_perm(RETRY) else (),
            heard=[topic for topic in seen.topics if topic.wanted],
            others=[topic for topic in seen.topics if not topic.wanted],
            sources=conf.SOURCES,
            unasked=_unasked(seen),
            medians=[step for step in ledger.medians(Alert.objects.visible_to(self.request.user)) if step.count],
            backfills=backfill.last(self.request.user),
            may_choose=self.request.user.has_perm(PERMISSION),
            **kwargs,
        )


def _unasked(seen) -> list[str]:
    """Sources of SCiMMA whose topics' publicity nobody ever told us, so that they are as settings say."""
    answered = {row.source for row in seen.asked if row.answered}
    return [name for name, source in sources().items() if services.hopauth_url(source) and name not in answered]


class StreamChoiceView(PermissionRequiredMixin, View):
    """POST `source`, `topic` and `wanted` (yes or no): the listener's next look acts on it."""

    permission_required = PERMISSION
    raise_exception = True
    http_method_names = ["post"]

    def post(self, request):
        source, name = request.POST.get("source", ""), request.POST.get("topic", "")
        seen = survey(timezone.now(), counts=False).visible(request.user)
        known = {(topic.source, topic.name): topic for topic in seen.topics}
        topic = known.get((source, name))
        if topic is None or topic.by_hand or request.POST.get("wanted") not in ("yes", "no"):
            raise Http404("no such topic")
        want = request.POST["wanted"] == "yes"
        if topic.choice == "settings":
            messages.error(request, f"{name} is set in settings (TOM_SCIMMA); a click cannot change it.")
        else:
            TopicState.objects.update_or_create(source=source, topic=name, defaults={"wanted": want})
            word = "heard" if want else "dropped"
            messages.success(request, f"{name} will be {word} within a minute; the listener looks by itself.")
        return redirect("tom_scimma:streams")


class StreamOpenView(PermissionRequiredMixin, View):
    """POST `source` and `topic`: a topic that became public at SCiMMA is open here too, from now on."""

    permission_required = PERMISSION
    raise_exception = True
    http_method_names = ["post"]

    def post(self, request):
        place = (request.POST.get("source", ""), request.POST.get("topic", ""))
        seen = survey(timezone.now(), counts=False).visible(request.user)
        topic = next((item for item in seen.topics if (item.source, item.name) == place), None)
        if topic is None:
            raise Http404("no such topic")
        if topic.may_open and audience.open_topic(topic.access, request.user):
            messages.success(request, f"{topic.name} is open: what comes from now on is for all to see.")
        else:
            messages.error(
                request, f"{topic.name} is not public at SCiMMA, or settings say who sees it; nothing changed."
            )
        return redirect("tom_scimma:streams")


def _failed(now) -> list[Reaction]:
    """Reactions that failed for good in the last week, the newest first."""
    rows = Reaction.objects.filter(state=Reaction.State.FAILED, finished__gte=now - timedelta(days=7))
    return list(rows.select_related("alert__event").defer("alert__document").order_by("-pk")[:20])


class ReactionRetryView(PermissionRequiredMixin, View):
    """POST: a reaction that failed for good is tried once more; what acts on the living alone is not done on history."""

    permission_required = RETRY
    raise_exception = True
    http_method_names = ["post"]

    def post(self, request, pk):
        again = {"state": Reaction.State.QUEUED, "attempts": 1, "not_before": None, "finished": None}
        if Reaction.objects.filter(pk=pk, state=Reaction.State.FAILED).update(**again):
            messages.success(request, "The worker tries it again in a moment.")
        else:
            messages.error(request, "It has not failed (any more).")
        return redirect("tom_scimma:streams")
