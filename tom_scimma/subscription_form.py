"""A subscription as somebody writes it: the query, the switches, and what is to be done, each with its own form.

An action's form is a Django form, called with `data`, `prefix`, `initial` (its options) and `owner`. What is kept is what its
`options()` gives, else its `cleaned_data`; both must be JSON. Without a form, an action has no options.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.module_loading import import_string

from tom_scimma import hooks
from tom_scimma.conf import conf
from tom_scimma.models import Subscription
from tom_scimma.query import QueryError, understand

HELP = {
    "enabled": "Off: nothing is told until it is switched on again.",
    "critical": "Told at once, also in quiet hours.",
    "tests": "Runs on test alerts, and on no other.",
    "reports": "Also runs on circulars and messages by those who cannot change an event.",
    "follow": "Who was told is told when the event is retracted, or no longer meets the query.",
    "cap": "At most so many an hour; the rest is kept and not told. Empty: no limit.",
}
LABELS = {
    "enabled": "On",
    "critical": "Critical",
    "tests": "Test events",
    "reports": "Reports too",
    "follow": "Tell what became of it",
    "cap": "An hour",
}


class SubscriptionForm(forms.ModelForm):
    """The subscription itself."""

    class Meta:
        model = Subscription
        fields = ("name", "query", "enabled", "critical", "tests", "reports", "follow", "cap")
        help_texts, labels = HELP, LABELS

    def __init__(self, *args, owner, **kwargs):
        super().__init__(*args, **kwargs)
        self.owner, self.query_error = owner, None

    def clean_query(self) -> str:
        text = self.cleaned_data["query"].replace("\r\n", "\n").strip()
        try:
            understand(text)
        except QueryError as error:
            self.query_error = error
            raise ValidationError(str(error)) from error
        return text

    def clean_name(self) -> str:
        name = self.cleaned_data["name"].strip()
        if Subscription.objects.filter(owner=self.owner, name=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError("You have a subscription of that name; give this one another.")
        return name

    def clean(self) -> dict[str, Any]:
        if self.instance.pk is None and (wrong := too_many(self.owner)):
            raise ValidationError(wrong)
        return super().clean()


def too_many(owner) -> str:
    """Why somebody may save no more subscriptions; empty when one more is welcome."""
    if Subscription.objects.filter(owner=owner).count() < conf.MAX_SUBSCRIPTIONS:
        return ""
    return f"You have {conf.MAX_SUBSCRIPTIONS} subscriptions, and that is the most; delete one first."


class ActionForms:
    """What is to be done: a box for each action that installed apps offer, and its form."""

    def __init__(self, subscription: Subscription | None, owner, data: Any = None):
        kept = {row.name: row.options for row in subscription.actions.all()} if subscription and subscription.pk else {}
        self.choices = [
            ActionChoice(action, kept.get(name), owner, data) for name, action in hooks.subscription_actions().items()
        ]

    def __iter__(self):
        return iter(self.choices)

    def is_valid(self) -> bool:
        """Whether the form of each chosen action is."""
        return all([choice.is_valid() for choice in self.choices])

    def save(self, subscription: Subscription) -> None:
        """Keeps what was chosen; an action that no installed app offers just now stays as it is."""
        write(subscription, {c.name: c.options for c in self.choices if c.chosen}, {c.name for c in self.choices})


def write(subscription: Subscription, wanted: dict[str, dict], offered: set[str]) -> None:
    """Makes the actions of a subscription those wanted, of those offered."""
    with transaction.atomic():
        subscription.actions.filter(name__in=offered - set(wanted)).delete()
        for name, options in wanted.items():
            subscription.actions.update_or_create(name=name, defaults={"options": options})


class ActionChoice:
    """One action that may be chosen."""

    def __init__(self, action: dict[str, Any], options: dict | None, owner, data: Any):
        self.name, self.label = action["name"], action["label"]
        self.field = f"do-{self.name}"
        self.chosen = options is not None if data is None else bool(data.get(self.field))
        self.form = None
        if action.get("form"):
            kind = import_string(action["form"])
            bound = data if data is not None and self.chosen else None
            self.form = kind(data=bound, prefix=self.name, initial=options or {}, owner=owner)

    def is_valid(self) -> bool:
        """Whether what was asked for can be done."""
        return not self.chosen or self.form is None or self.form.is_valid()

    @property
    def options(self) -> dict:
        """What is kept of the form."""
        if self.form is None:
            return {}
        return self.form.options() if hasattr(self.form, "options") else dict(self.form.cleaned_data)
