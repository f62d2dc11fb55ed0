"""A contact as somebody writes it. The address goes in and never comes out again."""

from __future__ import annotations

from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.models import Group

from tom_scimma import channels
from tom_scimma.errors import Refused
from tom_scimma.models import Contact
from tom_scimma.models.outbox import EVERYBODY
from tom_scimma.secrets import WORDS

MINE = ""


class ContactForm(forms.ModelForm):
    """The contact, its address apart: empty leaves it as it is."""

    whose = forms.ChoiceField(label="Reaches", required=False)
    address_given = forms.CharField(
        label="Address",
        required=False,
        strip=True,
        max_length=2000,
        # as text, to be checked while it is typed; never sent back
        widget=forms.PasswordInput(
            render_value=False, attrs={"type": "text", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text=(
            "An e-mail address, a webhook that Slack, Discord or Teams gave you, ntfys://ntfy.sh/topic, tgram://bot/chat, "
            "or any other that apprise knows. It is encrypted and never shown again."
        ),
    )
    zone = forms.ChoiceField(label="Time zone")

    class Meta:
        model = Contact
        fields = (
            "name", "picture", "pace", "daily_at", "quiet_from", "quiet_until", "zone", "per_hour", "is_test", "enabled",
        )  # fmt: skip
        labels = {
            "name": "Name", "picture": "With the sky map as a picture, where the channel takes one", "pace": "Told",
            "daily_at": "Once a day at", "quiet_from": "Quiet from", "quiet_until": "until", "enabled": "On",
            "per_hour": "At most so many messages an hour", "is_test": "For rehearsals: told of tests, and of nothing else",
        }  # fmt: skip
        help_texts = {
            "per_hour": "What is more waits, and comes as one message.",
        }
        widgets = {
            name: forms.TimeInput(format="%H:%M", attrs={"type": "time"})
            for name in ("daily_at", "quiet_from", "quiet_until")
        }

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        groups = Group.objects.all() if user.is_superuser else user.groups.exclude(name=EVERYBODY)
        self.fields["whose"].choices = [(MINE, "me"), *((str(group.pk), f"the group {group.name}") for group in groups)]
        self.fields["zone"].choices = [(name, name.replace("_", " ")) for name in _zones()]
        self.fields["name"].widget.attrs["placeholder"] = "my telephone"
        if self.instance.pk is not None:
            del self.fields["whose"]
            self.fields["address_given"].label = "New address"
            self.fields["address_given"].help_text = "Empty: it stays as it is. It is not shown."
            if self.instance.lost:
                self.fields["address_given"].help_text = WORDS

    def clean_address_given(self) -> channels.Channel | None:
        text = self.cleaned_data["address_given"]
        if not text:
            if self.instance.pk is None:
                raise forms.ValidationError("Where to?")
            return None
        try:
            return channels.read(text)
        except Refused as error:
            raise forms.ValidationError(str(error)) from None

    def clean(self):
        data = super().clean()
        if (data.get("quiet_from") is None) != (data.get("quiet_until") is None):
            self.add_error("quiet_until", "Quiet hours have a beginning and an end; leave both empty for none.")
        return data

    def save(self, commit=True):
        contact, channel = self.instance, self.cleaned_data["address_given"]
        if channel is not None:
            contact.scheme, contact.address = channel.scheme, channel.address
        if contact.pk is None:
            group = self.cleaned_data["whose"]
            contact.owner, contact.group_id = (None, int(group)) if group else (self.user, None)
        return super().save(commit)


def _zones() -> list[str]:
    """UTC, then the zones by name; none of the old aliases without a place."""
    return ["UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))]
