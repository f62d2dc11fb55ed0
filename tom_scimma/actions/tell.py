"""The action "tell": people are told, by the contacts that the subscription's owner chose among theirs and their groups'."""

from __future__ import annotations

from django import forms

from tom_scimma.actions import options
from tom_scimma.models import Alert, Contact, Match, Subscription
from tom_scimma.telling import tell

NAME = "tell"


def run(subscription: Subscription, alert: Alert) -> None:
    """Tells of the alert; a contact that the owner may not use any more is left out."""
    match = Match.objects.get(subscription=subscription, alert=alert)
    chosen = options(subscription, NAME).get("contacts") or []
    contacts = Contact.objects.usable_by(subscription.owner).filter(pk__in=chosen).select_related("owner", "group")
    note = f"no longer meets “{subscription.name}”" if match.why == Match.Why.ENDED else ""
    tell(subscription, alert, list(contacts), change=match.change, note=note)


class TellForm(forms.Form):
    """Which contacts."""

    contacts = forms.MultipleChoiceField(
        label="Tell",
        widget=forms.CheckboxSelectMultiple,
        help_text="Contacts of your own and of your groups; add one on your profile page.",
    )

    def __init__(self, *args, owner=None, **kwargs):
        super().__init__(*args, **kwargs)
        rows = Contact.objects.usable_by(owner).filter(enabled=True).select_related("owner", "group")
        self.fields["contacts"].choices = [(str(one.pk), _label(one, owner)) for one in rows]

    def clean_contacts(self) -> list[int]:
        return [int(pk) for pk in self.cleaned_data["contacts"]]


def _label(contact: Contact, owner) -> str:
    whose = "" if contact.owner_id == owner.pk else f" of {contact.whose}"
    test = ", tests only" if contact.is_test else ""
    return f"{contact.name}{whose} ({contact.scheme}{test})"
