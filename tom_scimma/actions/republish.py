"""The action "republish": what a subscription met goes to a Hopskotch topic, as it came,
in another form (JSON, VOEvent, text), or as a note that cites it.

Never what began at this TOM (loop protection), never to a topic that REPUBLISH_TOPICS does not name, and a protected
message only to topics that its own topic's policy names under `republish`.
"""

from __future__ import annotations

import fnmatch
from typing import Any

from django import forms

from tom_scimma import outbox, site, sources
from tom_scimma.actions import options
from tom_scimma.archive.citing import cited
from tom_scimma.conf import conf, topic_policy
from tom_scimma.destinations.hopskotch import RELAYED, ours, packed, relayed
from tom_scimma.errors import Refused
from tom_scimma.models import Alert, Annotation, Match, Message, MessageBody, Subscription
from tom_scimma.notice import iso
from tom_scimma.translate import FORMS, translate

NAME = "republish"
RELAY, NOTE = "relay", "note"


def run(subscription: Subscription, alert: Alert) -> None:
    """Queues the alert's message for the topic, or a note on it. Raises Refused for what may not go there."""
    chosen = options(subscription, NAME)
    topic, message = str(chosen.get("topic") or ""), alert.message
    if ours(message.headers):
        return  # it has been here before
    refused = why_not(topic, message)
    if refused:
        raise Refused(refused)
    where = f"hopskotch:{topic}"
    form = str(chosen.get("form") or NOTE)
    if form == RELAY:
        payload, about = _as_it_came(message), f"message:{message.uid}"
        key = outbox.key_of(where, about, RELAY)
    elif form in FORMS:
        payload, key = _translated(alert, form), outbox.key_of(where, alert, form)
    else:
        payload = packed(note(subscription, alert))
        key = outbox.key_of(where, alert, NOTE + subscription.name)
    outbox.queue(where, payload, key=key, by=subscription.owner, subject=alert, event=alert.event)


def why_not(topic: str, message: Message) -> str:
    """Why a message may not go to a topic; "" where it may."""
    if not any(fnmatch.fnmatchcase(topic, pattern) for pattern in conf.REPUBLISH_TOPICS):
        return f"{topic!r} is not among TOM_SCIMMA['REPUBLISH_TOPICS']."
    if message.topic == topic:
        return f"It came from {topic} itself."
    if message.public:
        return ""
    policy = topic_policy(message.topic, message.source)
    if any(fnmatch.fnmatchcase(topic, pattern) for pattern in policy.republish):
        return ""
    return (
        f"{message.topic} is protected, and its policy does not let it be republished to {topic} (its key `republish`)."
    )


def _as_it_came(message: Message) -> bytes:
    body = MessageBody.objects.get(pk=message.pk)
    return packed(body.payload, relayed(message.headers))


def _translated(alert: Alert, form: str) -> bytes:
    """What the alert said in another form; who relayed its message before us goes along, and that it is a test."""
    said = translate(cited(alert), form, authority=site.authority())
    chain = {name: value for name, value in relayed(alert.message.headers).items() if name == RELAYED}
    test = {"_test": "true"} if alert.role == "test" else {}
    return packed(said.data, {"_format": said.format, **test, **chain})


def note(subscription: Subscription, alert: Alert) -> dict[str, Any]:
    """A document that says what this TOM made of an alert, and cites it; only what all may know who may see the alert."""
    match = Match.objects.filter(subscription=subscription, alert=alert).first()
    rows = Annotation.objects.filter(alert=alert, audience=Annotation.EVERYBODY, error="")
    return {
        "type": "annotation",
        "tom": sources.tom_name(),
        "event": alert.event.name,
        "alert_type": alert.alert_type,
        "source": alert.source,
        "sent": iso(alert.sent),
        "change": match.change if match is not None else "",
        "cites": [
            {
                "relation": "followup",
                "id": alert.document.get("id"),
                "topic": alert.message.topic,
                "message_id": str(alert.message.sent_id or alert.message.uid),
            }
        ],
        "query": subscription.query,
        "annotations": {row.annotator: row.value for row in rows if row.value},
    }


class RepublishForm(forms.Form):
    """Where to, and how."""

    topic = forms.ChoiceField(label="Topic")
    form = forms.ChoiceField(
        label="As",
        choices=[
            (RELAY, "it came (relay)"),
            *((form, f"{label}, what it says") for form, label in FORMS.items()),
            (NOTE, "a note of ours that cites it"),
        ],
        help_text="What began at this TOM never goes out again; a protected message only where its topic's policy lets it.",
    )

    def __init__(self, *args, owner=None, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        names = [name for name in conf.REPUBLISH_TOPICS if not set(name) & set("*?[")]
        self.fields["topic"].choices = [(name, name) for name in names]
        if len(names) < len(conf.REPUBLISH_TOPICS):  # patterns allow names that cannot be listed
            self.fields["topic"] = forms.CharField(
                label="Topic", help_text=f"Allowed: {', '.join(conf.REPUBLISH_TOPICS)}"
            )

    def clean_topic(self) -> str:
        topic = self.cleaned_data["topic"].strip()
        if not any(fnmatch.fnmatchcase(topic, pattern) for pattern in conf.REPUBLISH_TOPICS):
            raise forms.ValidationError(f"Allowed are {', '.join(conf.REPUBLISH_TOPICS) or 'none'} (REPUBLISH_TOPICS).")
        return topic
