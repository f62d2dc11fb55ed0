"""A user's own account at the observatory's portal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.views.generic import UpdateView, View

from tom_scimma import account_tests, secrets
from tom_scimma.own_token import OwnTokenForm
from tom_treasuremap.conf import conf
from tom_treasuremap.models import OcsProfile
from tom_treasuremap.transports.ocs import NO_TOKEN, token_of

SERVICE = "observatory"  #: what the test of its account is called


def card(user: Any) -> dict[str, Any]:
    """What the card on the profile page says; asks nothing."""
    how = secrets.stands(OcsProfile, user)
    return {
        "ocs_user": user,
        "ocs_server": conf.OCS_URL,
        "ocs_own": bool(how),
        "ocs_lost": how == secrets.LOST,
        "ocs_token": how != secrets.LOST and bool(how or token_of(None)),
        "ocs_tested": account_tests.shown(user, SERVICE),
    }


class OcsTokenForm(OwnTokenForm):
    """The API token at the portal."""

    wrong = "A token of the portal is 40 letters and digits, without spaces."

    class Meta:
        model = OcsProfile
        fields = ("token",)


class OcsTokenView(LoginRequiredMixin, UpdateView):
    """The form for one's own token."""

    form_class = OcsTokenForm
    template_name = "tom_treasuremap/ocs_token.html"
    success_url = reverse_lazy("user-profile")

    def get_object(self, queryset=None) -> OcsProfile:
        return OcsProfile.objects.get_or_create(user=self.request.user)[0]

    def form_valid(self, form):
        account_tests.forget(self.request.user, SERVICE)
        return super().form_valid(form)


class OcsTestView(LoginRequiredMixin, View):
    """POST: the worker asks the portal whose token this user speaks with; the card on the profile page says what it hears."""

    http_method_names = ["post"]

    def post(self, request):
        try:
            token = token_of(request.user)
        except secrets.Lost as error:
            messages.error(request, f"Your token for the portal: {error}")
            return redirect("user-profile")
        if not token or not conf.OCS_URL:
            messages.error(request, NO_TOKEN if conf.OCS_URL else "No observatory's portal is set for this TOM.")
            return redirect("user-profile")
        account_tests.ask(request.user, SERVICE)
        return redirect(f"{reverse('user-profile')}#{SERVICE}-card")
