"""The action "tell": people are told, by the contacts that the subscription's owner chose among theirs and their groups'."""

from __future__ import annotations

from django import forms
from django.urls import reverse
from django.utils.html import format_html

from tom_scimma import hearing
from tom_scimma.models import Alert, Contact, Match, Subscription
from tom_scimma.telling import tell


def run(subscription: Subscription, alert: Alert) -> None:
    """Tells of the alert; a contact that the owner may not use any more is left out."""
    match, contacts = hearing.of(alert).asked(subscription)
    note = f"no longer meets “{subscription.name}”" if match.why == Match.Why.ENDED else ""
    tell(subscription, alert, contacts, change=match.change, note=note)


class TellForm(forms.Form):
    """Which contacts."""

    contacts = forms.MultipleChoiceField(
        label="", widget=forms.CheckboxSelectMultiple, error_messages={"required": "Choose whom to tell."}
    )

    def __init__(self, *args, owner=None, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        rows = Contact.objects.usable_by(owner).filter(enabled=True).select_related("owner", "group")
        self.fields["contacts"].choices = [(str(one.pk), _label(one, owner)) for one in rows]
        where = format_html('<a href="{}">your profile page</a>', f"{reverse('user-profile')}#contacts")
        none = "" if rows else "There is no contact yet. "
        self.fields["contacts"].help_text = format_html(
            "{}Your own and your groups' contacts are made on {}.", none, where
        )

    def clean_contacts(self) -> list[int]:
        return [int(pk) for pk in self.cleaned_data["contacts"]]


def _label(contact: Contact, owner) -> str:
    whose = "" if contact.owner_id == owner.pk else f" of {contact.whose}"
    test = ", tests only" if contact.is_test else ""
    return f"{contact.name}{whose} ({contact.scheme}{test})"
