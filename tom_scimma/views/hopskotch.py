"""Who one is at SCiMMA: one's own Hopskotch credential, and for staff what changed in who sees what."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages as notes
from django.contrib.auth.mixins import LoginRequiredMixin, UserPassesTestMixin
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.views.generic import TemplateView, UpdateView, View
from tom_common.encryption import EncryptedFormField

from tom_scimma import account_tests, hopskotch_credentials, secrets, syncing
from tom_scimma.hopskotch_credentials import SERVICE
from tom_scimma.models import AccountTest
from tom_scimma.models.identity import AccessChange, HopskotchCredential, Membership, RightsAsked
from tom_scimma.views.waiting import still_waits

CARD = "tom_scimma/partials/scimma_card.html"


def card(user: Any) -> dict[str, Any]:
    """What the profile card says; asks SCiMMA nothing."""
    row = hopskotch_credentials.own(user)
    known = user is not None and user.is_authenticated
    tested = account_tests.shown(user, SERVICE) if row is not None else {"row": None}
    waits = tested["row"] is not None and tested["row"].answered is None
    return {
        "scimma_test": tested["row"] if waits or _is_last(tested["row"], row) else None,
        "scimma_waits": waits,
        "attended": tested.get("attended"),
        "scimma_user": user,
        "scimma_subject": syncing.subject_of(user) if known else "",
        "scimma_credential": row,
        "scimma_lost": row is not None and isinstance(row.password, secrets.Unreadable),
        "scimma_service": hopskotch_credentials.place(),
        "scimma_memberships": Membership.objects.filter(user=user).select_related("group") if known else (),
        "scimma_changes": AccessChange.objects.filter(user=user)[:5] if known else (),
    }


def _is_last(test: AccountTest | None, row: HopskotchCredential | None) -> bool:
    """Whether SCiMMA was not asked again since, as it is at log-in and each hour: the row says what it answered then."""
    return test is not None and row is not None and (row.tested is None or row.tested <= test.answered)


class CredentialForm(forms.ModelForm):
    """Name and password; an empty password keeps the stored one, a box clears it."""

    password = EncryptedFormField(
        label="Password",
        help_text="SCiMMA shows it once, when the credential is made. It is kept encrypted and never shown.",
    )

    class Meta:
        model = HopskotchCredential
        fields = ("name", "password")
        labels = {"name": "Credential"}
        help_texts = {"name": "Its name at SCiMMA, such as name-1a2b3c4d."}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        secrets.say_lost(self, "password")

    def clean_name(self) -> str:
        name = self.cleaned_data["name"].strip()
        if not name.isascii() or not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
            raise ValidationError("A credential's name is letters, digits and dashes, such as name-1a2b3c4d.")
        return name


class CredentialView(LoginRequiredMixin, UpdateView):
    """The form for one's own credential."""

    form_class = CredentialForm
    template_name = "tom_scimma/credential.html"
    success_url = reverse_lazy("user-profile")

    def get_object(self, queryset=None) -> HopskotchCredential:
        row = HopskotchCredential.objects.filter(user=self.request.user).first()
        return row or HopskotchCredential(user=self.request.user)

    def form_valid(self, form):
        form.instance.said, form.instance.problem, form.instance.tested, form.instance.subject = {}, "", None, ""
        answer = super().form_valid(form)
        account_tests.forget(self.request.user, SERVICE)
        syncing.forget(self.request.user, by=self.request.user.get_username())  # until the new one is asked
        notes.success(self.request, "Kept. Test it to see what it may read and write.")
        return answer


class CredentialTestView(LoginRequiredMixin, View):
    """POST: the worker asks SCiMMA about one's own credential; the card on the profile page says what it hears."""

    http_method_names = ["post"]

    def post(self, request):
        row = hopskotch_credentials.own(request.user)
        if row is None:
            notes.error(request, "You have given no Hopskotch credential.")
        elif isinstance(row.password, secrets.Unreadable):
            notes.error(request, f"Your Hopskotch credential: {secrets.WORDS}")
        else:
            account_tests.ask(request.user, SERVICE)
        return redirect(f"{reverse('user-profile')}#scimma")


class CredentialTestedView(LoginRequiredMixin, View):
    """The card, once the worker has asked; nothing new until then."""

    def get(self, request):
        said = card(request.user)
        if said["scimma_waits"]:
            return still_waits(request, CARD, said)
        return render(request, CARD, said)


class AccessView(UserPassesTestMixin, TemplateView):
    """Who is in which group because of SCiMMA, and every change in who sees what; for superusers and those who manage users."""

    template_name = "tom_scimma/access.html"
    raise_exception = True

    def test_func(self) -> bool:
        user = self.request.user
        return user.is_superuser or (user.is_staff and user.has_perm("auth.change_user"))

    def get_context_data(self, **kwargs):
        changes = AccessChange.objects.all()
        if not self.request.user.is_superuser:  # a protected topic's name is its groups' alone
            changes = changes.filter(topic="")
        return super().get_context_data(
            changes=Paginator(changes, 50).get_page(self.request.GET.get("page")),
            memberships=Membership.objects.select_related("user", "group").order_by("group__name", "user__username"),
            asked=RightsAsked.objects.order_by("source"),
            **kwargs,
        )
