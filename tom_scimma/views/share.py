"""Share: what will be said, to which sinks; chosen, typed and looked at. Nothing leaves from here."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages as notes
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView, View

from tom_scimma import workload
from tom_scimma.compose import approvals, drafts, proofs, questions, rows, sinks
from tom_scimma.compose.fields import mark
from tom_scimma.compose.gather import Unseen
from tom_scimma.compose.selection import KINDS, Selection
from tom_scimma.models import Draft, StandingShare
from tom_scimma.views.files import attachment
from tom_scimma.views.waiting import still_waits

#: of a form's names, those that are fields
PREFIX = "f."


class ShareView(LoginRequiredMixin, View):
    """What is to be shared is named in the address, or posted where there is much; a draft of it opens."""

    def get(self, request):
        return self._open(request, request.GET)

    def post(self, request):
        return self._open(request, request.POST)

    def _open(self, request, said):
        try:
            selection = Selection.of({name: said.getlist(name) for name in (*KINDS, "event")})
            if selection.is_empty:
                return self._home(request)
            return redirect(drafts.opened(selection, request.user))
        except (ValueError, Unseen) as error:
            status = 400 if isinstance(error, ValueError) else 404
            return render(request, "tom_scimma/share_none.html", {"why": str(error)}, status=status)

    def _home(self, request):
        user = request.user
        context = {
            "drafts": drafts.called(Draft.objects.filter(user=user, sent=None).defer("built")[:50], user),
            "sent": drafts.called(
                Draft.objects.filter(user=user).exclude(sent=None).defer("built").order_by("-sent")[:10], user
            ),
            "standing": StandingShare.objects.filter(owner=user).select_related("target", "event")[:50],
            "waiting": approvals.waiting_for(user),
        }
        return render(request, "tom_scimma/share_home.html", context)


def draft_of(request, pk: int) -> Draft:
    """This person's own draft, not sent yet, or Http404."""
    return get_object_or_404(Draft, pk=pk, user=request.user, sent=None)


def typed(request) -> dict[str, str | None]:
    """What was typed, by field; None for what stands as it was filled in. Lines end as they do here, not as browsers post them."""
    found: dict[str, str | None] = {}
    for name in request.POST:
        if name.startswith(PREFIX):
            value = request.POST[name].replace("\r\n", "\n")
            known = request.POST.get(f"known.{name[len(PREFIX) :]}")
            found[name[len(PREFIX) :]] = None if known == mark(value) else value
    return found


def ticked(request) -> list[str] | None:
    """The sinks that are ticked, and one that was typed; None where the form did not say."""
    if "sinks" not in request.POST:
        return None
    names = [name for name in request.POST.getlist("sink") if name]
    for service in sinks.services():
        address = request.POST.get(f"address.{service}", "").strip()
        if address:
            names.append(f"{service}:{address}")
    return names


class DraftMixin(LoginRequiredMixin):
    """Gives a view the draft that its address names, and the page's context. One that was sent leads to its receipt."""

    def dispatch(self, request, *args, **kwargs):
        try:
            return super().dispatch(request, *args, **kwargs)
        except Http404:
            sent = Draft.objects.filter(pk=kwargs["pk"], user_id=request.user.pk).exclude(sent=None)
            if not sent.exists():
                raise
        receipt = redirect("tom_scimma:share-receipt", pk=kwargs["pk"])
        return HttpResponse(headers={"HX-Redirect": receipt["Location"]}) if request.htmx else receipt

    @property
    def draft(self) -> Draft:
        if not hasattr(self, "_draft"):
            self._draft = draft_of(self.request, self.kwargs["pk"])
        return self._draft

    def context(self, *, ask: bool = False) -> dict[str, Any]:
        """The form and the preview as they are now. What one may no longer see is said, and nothing of it is shown."""
        found = {"draft": self.draft, "offers": sinks.offers(self.request.user, self.draft.sinks)}
        found["waits"] = any(offer.waits for offer in found["offers"])
        found["attended"] = workload.attended(timezone.now())
        try:
            return {**found, **proofs.shown(self.draft, ask=ask)}
        except Unseen as error:
            return {**found, "unseen": str(error)}


class ShareDraftView(DraftMixin, TemplateView):
    """The page of a draft."""

    template_name = "tom_scimma/share.html"

    def get_context_data(self, **kwargs):
        tables = rows.kinds(self.draft)
        return super().get_context_data(tables=tables, **self.context(), **kwargs)


class ShareFormView(DraftMixin, View):
    """Other sinks or other rows: the form again, with the preview."""

    def post(self, request, pk):
        drafts.typed(self.draft, typed(request), ticked(request))
        return render(request, "tom_scimma/partials/share_form.html", {**self.context(), "again": True})


class SharePreviewView(DraftMixin, View):
    """Something was typed: the preview, and what is wrong at each field. With `ask` the worker asks the services too."""

    def post(self, request, pk):
        drafts.typed(self.draft, typed(request), ticked(request))
        ask = bool(request.GET.get("ask") or request.POST.get("ask"))
        if not request.htmx:
            return redirect(self.draft)
        return render(request, "tom_scimma/partials/share_preview.html", {**self.context(ask=ask), "live": True})


class ShareOffersView(DraftMixin, View):
    """For a page that waits for the worker to ask where one may send: nothing new until it has; then the form comes anew."""

    def get(self, request, pk):
        if any(offer.waits for offer in sinks.offers(request.user, self.draft.sinks)):
            return still_waits(request, "tom_scimma/partials/share_waits.html", {"draft": self.draft})
        return HttpResponse(headers={"HX-Trigger": "share-changed"})


class ShareRowsView(DraftMixin, View):
    """A table of what may be chosen: a page of it, and what was ticked there."""

    def get(self, request, pk):
        return self._table()

    def post(self, request, pk):
        kind = self._kind()
        act = request.POST.get("act", "")
        keys = rows.whole(self.draft, kind, act) if act else self._picked(kind)
        if keys is None:
            return HttpResponseBadRequest("there is no such act; choose all, none, newest or unshared")
        try:
            drafts.choose(self.draft, kind, keys)
        except Unseen as error:
            return HttpResponse(str(error), status=404)
        if not request.htmx:
            return redirect(self.draft)
        response = self._table()
        response["HX-Trigger"] = "share-changed"
        return response

    def _picked(self, kind: str) -> list[int]:
        shown, chosen = (
            [int(key) for key in self.request.POST.getlist(name) if key.isdecimal() and len(key) < 19]
            for name in ("shown", "pick")
        )
        return rows.picked(self.draft, kind, shown, chosen)

    def _kind(self) -> str:
        kind = self.request.POST.get("kind") or self.request.GET.get("kind", "")
        if kind not in rows.TABLES:
            raise Http404("no such table")
        return kind

    def _table(self):
        said = self.request.POST if self.request.method == "POST" else self.request.GET
        found = rows.page(self.draft, self._kind(), number=said.get("page", 1), sort=said.get("sort", ""))
        return render(self.request, "tom_scimma/partials/share_rows.html", {"table": found, "draft": self.draft})


class SharePayloadView(DraftMixin, View):
    """Exactly what a sink would get, as a file; for the Minor Planet Center that file is all there is."""

    def get(self, request, pk):
        try:
            proof = drafts.proof_of(self.draft)
        except Unseen as error:
            raise Http404(str(error)) from error
        name, number = request.GET.get("sink", ""), request.GET.get("part", "1")
        for letter in proof.letters:
            for parcel in letter.parcels:
                if letter.name == name and str(parcel.number) == number:
                    return attachment(parcel.payload, proofs.file_name(letter, parcel, proof.content))
        raise Http404("no such part")


class SharePreloadView(DraftMixin, View):
    """The draft in a service's own form, where this person finishes it. What would be held here is not handed on.

    POST has the worker ask for it; GET waits for its address and goes there: for htmx nothing new until it is known.
    """

    def post(self, request, pk):
        drafts.typed(self.draft, typed(request), ticked(request))
        sink = request.GET.get("sink", "")
        try:
            questions.form(self.draft, proofs.loose(self.draft, sink))
        except (Unseen, proofs.Held) as error:
            return self.refused(error)
        return redirect(f"{reverse('tom_scimma:share-preload', args=[pk])}?{urlencode({'sink': sink})}")

    def get(self, request, pk):
        asked = self.draft.questions.filter(own_form=True, destination=request.GET.get("sink", ""))
        row = asked.defer("payload").first()
        if row is None:  # it was sent meanwhile, or nobody asked
            return redirect(self.draft)
        if row.answered is None:
            part = "partials/share_opens" if request.htmx else "share_opens"
            return still_waits(request, f"tom_scimma/{part}.html", {"draft": self.draft, "row": row})
        answer = self.refused(row.problem) if row.problem else redirect(row.address)
        return HttpResponse(headers={"HX-Redirect": answer["Location"]}) if request.htmx else answer

    def refused(self, why):
        notes.error(self.request, f"It was not handed on: {why}")
        return redirect(self.draft)


class ShareDiscardView(DraftMixin, View):
    """POST: the draft is thrown away."""

    http_method_names = ["post"]

    def post(self, request, pk):
        self.draft.delete()
        notes.success(request, "The draft is gone.")
        return redirect("tom_scimma:share")
