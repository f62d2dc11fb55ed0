"""From a draft to deliveries: looked at whole, confirmed, queued, and followed."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages as notes
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.generic import View

from tom_scimma import workload
from tom_scimma.compose import corrections, drafts, proofs, questions, superseding
from tom_scimma.compose.gather import Unseen
from tom_scimma.compose.items import Cargo, items
from tom_scimma.compose.parcels import sealed, unsealed
from tom_scimma.compose.sending import send
from tom_scimma.errors import Unsaid
from tom_scimma.models import Delivery, Draft, Question
from tom_scimma.views.sent import find
from tom_scimma.views.share import DraftMixin, ticked, typed
from tom_scimma.views.waiting import still_waits


class ShareCheckView(DraftMixin, View):
    """POST: what was typed is complete; it is sealed for the confirm page, or comes back with what is wrong."""

    http_method_names = ["post"]

    def post(self, request, pk):
        draft = self.draft
        drafts.typed(draft, typed(request), ticked(request))
        if "update" in request.POST:
            return redirect(draft)
        try:
            proof = drafts.proof_of(draft)
        except Unseen as error:
            notes.error(request, str(error))
            return redirect(draft)
        if not proof.leaving or not proof.is_good:
            text = "Choose where it goes." if not proof.letters else "Something is missing or wrong: see below."
            if proof.letters and proof.is_good:
                text = "Nothing of this is sent: download the file, or choose another sink as well."
            notes.warning(request, text)
            return redirect(draft)
        draft.seal, draft.built = sealed(proof, Cargo.of(items(proof.content)))
        draft.save(update_fields=["seal", "built"])
        questions.put(draft, proof)
        return redirect("tom_scimma:share-confirm", pk=draft.pk)


class ShareConfirmView(DraftMixin, View):
    """To whom, in which name, and that it may not be taken back. POST queues it, once."""

    def get(self, request, pk):
        draft = self.draft
        if not draft.seal:
            return redirect(draft)
        try:
            shown = proofs.shown(draft)
        except Unseen as error:
            notes.error(request, str(error))
            return redirect(draft)
        parcels, cargo = unsealed(draft.built)
        proof = shown["proof"]
        if not proof.is_good or [one.payload for one in parcels] != [one.payload for one in proof.leaving]:
            notes.warning(request, "Something that you chose is otherwise now. Look at it again.")
            return redirect(draft)
        letters = [
            {
                "there": letter.there,
                "speaker": letter.there.speaker(request.user),
                "aim": letter.there.origin(),
                "parcels": letter.parcels,
                "held": held,
            }
            for letter, held, _ in shown["letters"]
            if not letter.is_file
        ]
        context = {"draft": draft, "letters": letters, "count": len(parcels), "carried": len(cargo)}
        context |= {"said": told(shown), "attended": workload.attended(timezone.now())}
        context["earlier"] = superseding.earlier(draft, parcels, cargo)
        return render(request, "tom_scimma/share_confirm.html", {**shown, **context})

    def post(self, request, pk):
        try:
            with transaction.atomic():
                draft = drafts.locked(pk, request.user)
                if draft is None:
                    raise Http404("no such draft")
                if draft.sent is not None:  # the same click, twice
                    return redirect("tom_scimma:share-receipt", pk=pk)
                if not draft.seal or draft.seal != request.POST.get("seal"):
                    notes.warning(request, "It is no longer what you looked at. Look at it again.")
                    return redirect(draft)
                parcels, cargo = unsealed(draft.built)
                event = drafts.selection_of(draft).event
                waiting = superseding.earlier(draft, parcels, cargo)
                old = superseding.withdraw(waiting, request.POST.getlist("withdraw"), by=request.user)
                rows = send(parcels, cargo, by=request.user, event=event, draft=draft, corrects=draft.corrects)
                superseding.told(old, rows)
                Draft.objects.filter(pk=pk).update(sent=timezone.now(), built=drafts.queued(rows))
                Question.objects.filter(draft=pk).delete()  # from here on the worker asks by sending
        except (Unseen, Unsaid, LookupError) as error:
            notes.error(request, f"Nothing was queued. {error}")
            return redirect("tom_scimma:share-draft", pk=pk)
        return redirect("tom_scimma:share-receipt", pk=pk)


def told(shown: dict) -> list[tuple]:
    """What the services said, of a page's context: (destination, Said)."""
    return [(letter.there, said) for letter, _, said in shown["letters"] if said is not None]


class ShareAskedView(DraftMixin, View):
    """What the services say, for a page that follows: nothing new until the worker has asked them all. With `preview` the whole preview."""

    def get(self, request, pk):
        draft, preview = self.draft, "preview" in request.GET
        if draft.questions.filter(answered=None, own_form=False).exists():
            return still_waits(request, "tom_scimma/partials/share_asking.html", {"draft": draft, "preview": preview})
        if preview:
            response = render(request, "tom_scimma/partials/share_preview.html", {**self.context(), "live": True})
            response["HX-Retarget"], response["HX-Reswap"] = "#share-preview", "innerHTML"
            return response
        try:
            said = told(proofs.shown(draft)) if draft.seal else []
        except Unseen:
            said = []  # the confirm page itself says it
        return render(request, "tom_scimma/partials/share_asked.html", {"said": said})


#: seconds between two looks at what became of it, soon after it was sent and later: some wait days for a person
SOON, LATER = 2, 60
IS_SOON = timedelta(minutes=5)
MOVING = {Delivery.State.QUEUED, Delivery.State.SENDING, Delivery.State.UNKNOWN, Delivery.State.HELD}


class ShareReceiptView(LoginRequiredMixin, View):
    """What became of it: for htmx the list alone, asked again until nothing moves any more."""

    def get(self, request, pk):
        draft = get_object_or_404(Draft, pk=pk, user=request.user)
        if draft.sent is None:
            return redirect(draft)
        rows = drafts.deliveries(draft).defer("payload").order_by("pk").select_related("share")
        states = {row.state for row in rows} & MOVING
        again = SOON if timezone.now() - draft.sent < IS_SOON else LATER
        context = {"draft": draft, "deliveries": rows, "again": bool(states) and again}
        context["held"] = states == {Delivery.State.HELD}
        context["attended"] = workload.attended(timezone.now())
        part = "partials/share_states" if request.htmx else "share_receipt"
        response = render(request, f"tom_scimma/{part}.html", context)
        response["Vary"] = "HX-Request"
        return response


class ShareAgainView(LoginRequiredMixin, View):
    """POST: a draft that says anew what a delivery said, and refers to it."""

    http_method_names = ["post"]

    def post(self, request, pk):
        delivery = find(pk, request.user)
        if not corrections.word(delivery, request.user):
            raise Http404("not something that you shared, or it may be on its way")
        try:
            return redirect(corrections.again(delivery, request.user))
        except Unseen as error:
            notes.error(request, str(error))
            return redirect(delivery)
