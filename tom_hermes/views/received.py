"""Messages that came in: the list, the page of one, and what a person does with the rows that wait."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.contrib import messages as notes
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.views.generic import TemplateView, View
from tom_targets.models import Target, TargetName
from tom_targets.permissions import targets_for_user

from tom_hermes import reading, settling
from tom_hermes.conf import page
from tom_hermes.intake import MAKE, Intake
from tom_hermes.models import Received, Unplaced
from tom_hermes.said import Said
from tom_hermes.tables import ReceivedFilter, ReceivedTable, badge
from tom_scimma import places
from tom_scimma.models import Alert
from tom_scimma.parsers import fields
from tom_scimma.views.events import ListMixin

#: so many rows that wait are shown of one message, and so many targets of its neighbourhood are offered
SHOWN, OFFERED = 200, 8
#: targets are offered to assign to within this of where the message has it, degrees
AROUND = 1 / 60
#: reasons that tell whether there is a target of that name or place
TELLING = ("target", "clash", "audience", "place")
UNTOLD = "no target that you may see takes it: assign it to one that you may change"


class ReceivedListView(ListMixin):
    """Messages, newest first."""

    model = Received
    noun, nouns = "message", "messages"
    table_class = ReceivedTable
    filterset_class = ReceivedFilter
    template_name = "tom_hermes/received.html"

    def get_queryset(self):
        return Received.objects.visible_to(self.request.user).defer("document")

    def get_context_data(self, **kwargs):
        waiting = Received.objects.visible_to(self.request.user).filter(open__gt=0).count()
        context = super().get_context_data(hermes_waiting=waiting, **kwargs)
        return {**context, "empty_partial": "tom_hermes/partials/no_received.html"}


def find(pk: int, user) -> Received:
    """The message that this user may see, or Http404."""
    return get_object_or_404(Received.objects.visible_to(user).select_related("message"), pk=pk)


class ReceivedView(TemplateView):
    """One message: what it said, what became of it, what waits and why."""

    template_name = "tom_hermes/received_one.html"

    def get_context_data(self, **kwargs):
        user, row = self.request.user, find(self.kwargs["pk"], self.request.user)
        document = settling.document_of(row)
        said = reading.read(document)
        targets = targets_for_user(user, Target.objects.filter(pk__in=row.targets.values("pk")), "view_target")
        return super().get_context_data(
            row=row,
            badge=badge(row),
            kept=document is not None,
            said=said,
            references=references(said),
            targets=targets.order_by("name"),
            alerts=Alert.objects.visible_to(user).filter(message=row.message_id).select_related("event")
            if row.message_id
            else (),
            # why a row waits may tell of targets that not everybody knows of
            waiting=waiting(row, said, user) if user.is_authenticated else (),
            settled=row.unplaced.exclude(state__in=("waiting", "fetching")).select_related("settled_by")[:SHOWN],
            hermes_url=page(f"message/{row.uuid}") if row.uuid else "",
            **kwargs,
        )


def references(said: Said) -> list[tuple[str, str]]:
    """(words, address or "") of what a message refers to."""
    listed = said.others.get("references")
    found = [item for item in (listed if isinstance(listed, list) else [])[:50] if isinstance(item, dict)]
    return [
        (
            " ".join(filter(None, (fields.clean(item.get("source")), fields.clean(item.get("citation"))))),
            fields.link(item.get("url")) or "",
        )
        for item in found
    ]


def waiting(row: Received, said: Said, user) -> list[dict[str, Any]]:
    """What waits, by the target it is said of, with what may be done about it."""
    by_name: dict[str, list[Unplaced]] = defaultdict(list)
    open_rows = row.unplaced.filter(state__in=("waiting", "fetching")).select_related("target")
    for unplaced in open_rows[:SHOWN]:
        by_name[unplaced.name].append(unplaced)
    found = []
    for name, rows in by_name.items():
        target = said.target(name)
        theirs = {item.target_id for item in rows if item.target_id}
        seen = set(
            targets_for_user(user, Target.objects.filter(pk__in=theirs), "view_target").values_list("pk", flat=True)
        )
        # a target that this user may not see is none to them
        homeless = any(item.target_id not in seen and item.state == "waiting" for item in rows)
        makeable = homeless and target is not None and (target.ra is not None or target.moving)
        told = knows(target.names if target is not None else (name,), user)
        for item in rows:
            hidden = item.target_id is not None and item.target_id not in seen
            untold = hidden or (not told and item.target_id is None and item.reason in TELLING)
            item.why, item.said = ("not placed", UNTOLD) if untold else (item.get_reason_display(), item.words)
        found.append(
            {
                "name": name,
                "rows": rows,
                "homeless": homeless,
                "makeable": makeable,
                "offered": around(target, user) if homeless else (),
                "seen": seen,
            }
        )
    return found


def knows(names: Iterable[str], user) -> bool:
    """Whether this user may be told which targets have these names: they see every target, or all of those, and there are some."""
    if user.is_superuser or user.has_perm(f"{Target._meta.app_label}.view_target"):
        return True
    here = Target.objects.filter(
        Q(name__in=names) | Q(pk__in=TargetName.objects.filter(name__in=names).values("target_id"))
    )
    seen = targets_for_user(user, here, "view_target")
    count = seen.distinct().count()
    return bool(count) and count == here.distinct().count()


def around(target, user) -> list[str]:
    """Names of targets near where the message has it that the user may change."""
    if target is None or target.ra is None:
        return []
    (near,) = places.near([(target.ra, target.dec, AROUND)])
    seen = targets_for_user(user, Target.objects.filter(pk__in=[pk for _, pk in near]), "change_target")
    return list(seen.values_list("name", flat=True)[:OFFERED])


class ReceivedActView(LoginRequiredMixin, View):
    """POST: again, assign or make; see settling.py."""

    http_method_names = ["post"]

    def post(self, request, pk, act):
        row = find(pk, request.user)
        if act not in ("again", "take", "assign", "make"):
            raise Http404("a message is tried again, taken in, assigned, or a target made of it")
        try:
            self._do(act, row, request)
        except settling.NotNow as error:
            notes.error(request, str(error))
        return redirect(row)

    def _do(self, act: str, row: Received, request) -> None:
        if act in ("again", "take"):
            before = row.open
            settling.again(row, Intake(targets=MAKE) if act == "take" else None)
            moved = before - row.open
            words = f"{moved} placed." if moved > 0 else "Nothing more could be placed." if row.open else "Taken in."
            (notes.success if moved > 0 or not row.open else notes.info)(request, words)
            return
        name = request.POST.get("name", "")
        if act == "make":
            target = settling.make(row, name, request.user)
            notes.success(request, f"{target.name} is a target now, with its data.")
            return
        target = named(request.POST.get("target", ""), request.user)
        count = settling.assign(row, name, target, request.user)
        words = f"{count} row{'' if count == 1 else 's'} placed on {target.name}."
        notes.success(
            request, words if count else f"Assigned to {target.name}; what the rows lack is still to be said."
        )


def named(text: str, user) -> Target:
    """The target of a name, or other name, that the user may change. Raises NotNow."""
    text = text.strip()
    seen = targets_for_user(user, Target.objects.all(), "change_target")
    found = seen.filter(name=text).first()
    if found is None:
        aliases = TargetName.objects.filter(name=text).values("target_id")
        found = seen.filter(pk__in=aliases).first()
    if found is None:
        raise settling.NotNow(f"There is no target called {text[:100]!r} that you may change.")
    return found


class UnplacedActView(LoginRequiredMixin, View):
    """POST: mend, dismiss or put back one row."""

    http_method_names = ["post"]

    def post(self, request, pk, act):
        row = get_object_or_404(Unplaced.objects.visible_to(request.user).select_related("received", "target"), pk=pk)
        try:
            if act == "mend" and row.state == "waiting":
                settling.mend(row, {key: value.strip()[:80] for key, value in request.POST.items()}, request.user)
                notes.success(request, f"Placed on {row.target.name}.")
            elif act == "dismiss" and row.state in ("waiting", "fetching"):
                settling.dismiss(row, request.user)
                notes.info(request, "Dismissed; it stays with the message.")
            elif act == "back" and row.state == "dismissed":
                settling.take_back(row)
            else:
                raise Http404("that cannot be done with this row now")
        except settling.NotNow as error:
            notes.error(request, str(error))
        return redirect(row.received)


class TargetReceivedView(TemplateView):
    """The messages about a target; for htmx only the tab's content."""

    def get_template_names(self):
        part = "tom_hermes/partials/target_received.html"
        return [part if self.request.htmx else "tom_hermes/target_received.html"]

    def get_context_data(self, **kwargs):
        user = self.request.user
        target = targets_for_user(user, Target.objects.filter(pk=self.kwargs["pk"]), "view_target").first()
        if target is None:
            raise Http404("no such target")
        rows = Received.objects.visible_to(user).filter(targets=target.pk).defer("document")
        return super().get_context_data(hermes_target=target, rows=[(row, badge(row)) for row in rows[:100]], **kwargs)
