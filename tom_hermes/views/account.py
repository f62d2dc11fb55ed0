"""A user's HERMES account: setting the token, and asking HERMES whether it is good. Both of the user who asks, nobody else's."""

from __future__ import annotations

from django.contrib import messages as notes
from django.contrib.auth.mixins import LoginRequiredMixin
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.views.generic import UpdateView, View

from tom_hermes import accounts
from tom_hermes.credentials import token_of
from tom_hermes.models import HermesProfile
from tom_hermes.profile import TokenForm, card
from tom_scimma.models import Job
from tom_scimma.secrets import Lost
from tom_scimma.views.waiting import still_waits


class TokenView(LoginRequiredMixin, UpdateView):
    """The form for one's own token."""

    form_class = TokenForm
    template_name = "tom_hermes/token.html"
    success_url = reverse_lazy("user-profile")

    def get_object(self, queryset=None) -> HermesProfile:
        row, _ = HermesProfile.objects.get_or_create(user=self.request.user)
        return row

    def form_valid(self, form):
        answer = super().form_valid(form)
        Job.wake(accounts.JOB)  # before the first page that waits for it
        notes.success(self.request, "Kept. Test it to see what this account may do.")
        return answer


class AccountTestView(LoginRequiredMixin, View):
    """POST: the worker asks HERMES about the account that this user speaks with; the card on the profile page says what it hears."""

    http_method_names = ["post"]

    def post(self, request):
        try:
            token = token_of(request.user)
        except Lost as error:
            notes.error(request, accounts.lost(error))
            return redirect("user-profile")
        if not token:
            notes.error(request, accounts.NO_TOKEN)
            return redirect("user-profile")
        accounts.ask_anew(token)
        return redirect(f"{reverse('user-profile')}#hermes-card")


class AccountCardView(LoginRequiredMixin, View):
    """One's own card for a profile page that waits for the worker to ask: nothing new until it has."""

    def get(self, request):
        found = card(request.user)
        return (still_waits if found["hermes_waits"] else render)(request, "tom_hermes/partials/profile.html", found)
