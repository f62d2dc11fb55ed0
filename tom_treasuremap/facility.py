"""The TOM's facility for the team's own telescopes: the host's pages, templates, cadences and API ask and cancel by it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from tom_observations.facility import BaseRoboticObservationFacility

from tom_scimma import subjects
from tom_scimma.models import Event
from tom_treasuremap import telescopes
from tom_treasuremap.followup import asking, cadences, cancelling, following, products, validating, written
from tom_treasuremap.followup.asker import asker
from tom_treasuremap.followup.forms import FORMS, ImagingForm
from tom_treasuremap.followup.request import FAILED, TERMINAL
from tom_treasuremap.followup.template_form import FollowUpTemplateForm
from tom_treasuremap.models import Asked


class FollowUpFacility(BaseRoboticObservationFacility):
    """Every telescope that the team may ask, under one name."""

    name = asking.FACILITY
    button_label = "Follow up"
    button_tooltip = "Ask one of the team's telescopes"
    template_name = "tom_treasuremap/observation_form.html"
    observation_forms = FORMS

    def get_form(self, observation_type):
        return FORMS.get(observation_type, ImagingForm)

    def get_form_classes_for_display(self, **kwargs):
        """The forms; for the host's API, which takes posts of anybody and does not say whose, those that know no target but an open one."""
        if self.user is not None:
            return FORMS
        return {
            name: type(form.__name__, (form,), {"__doc__": form.__doc__, "of_anybody": True})
            for name, form in FORMS.items()
        }

    def get_facility_context_data(self, **kwargs):
        """What the host's page shows besides. Raises PermissionDenied for a target that is not this user's to see: it is named there."""
        target = kwargs.get("target")
        if target is not None and self.user is not None and not subjects.visible([f"target:{target.pk}"], self.user):
            raise PermissionDenied("There is no such target, or you may not see it.")
        return super().get_facility_context_data(**kwargs)

    def get_template_form(self, observation_type):
        return FollowUpTemplateForm

    def validate_observation(self, observation_payload):
        """What is known to be wrong with it, a line each; []: nothing."""
        requests = [written.from_json(one) for one in observation_payload["requests"]]
        return [why for one in requests for words in validating.faults(one).values() for why in words]

    def submit_observation(self, observation_payload):
        """Ids of the observations that the host is now to make: those of requests that were not made before."""
        from tom_targets.models import Target

        if observation_payload.get("rests"):  # the host ran a cadence before the retraction put it at rest
            cadences.rest(Event.objects.get(name=observation_payload["rests"]))
            return []
        target = Target.objects.get(pk=observation_payload["target_id"])
        by = self._asker({} if observation_payload.get("of_anybody") else observation_payload["params"])
        made = []
        for said in observation_payload["requests"]:
            request = written.from_json(said)
            event = Event.objects.filter(name=request.event).first() if request.event else None
            _, new = asking.reserve(request, by=by, target=target, event=event)
            if new:
                made.append(request.id)
        return made

    def _user(self):
        return self.user if self.user is not None else asker()

    def _asker(self, said):
        """Who is logged in; else, for a cadence that goes on, whoever began it."""
        user = self._user()
        if user is not None:
            return user if user.is_authenticated else None
        went = {
            "record__parameters__key": said.get("key", ""),
            "record__observationgroup__dynamiccadence__active": True,
        }
        before = Asked.objects.filter(**went).select_related("by").order_by("pk").first() if said.get("key") else None
        return before.by if before is not None else None

    def get_observation_url(self, observation_id):
        row = Asked.objects.filter(request_id=observation_id).first()
        return row.url if row is not None else ""

    def get_terminal_observing_states(self):
        return list(TERMINAL)

    def get_failed_observing_states(self):
        return list(FAILED)

    def get_observing_sites(self):
        known = telescopes.telescopes().values()
        return {
            one.label: {
                "sitecode": one.name,
                "latitude": one.site.latitude,
                "longitude": one.site.longitude,
                "elevation": one.site.height,
            }
            for one in known
            if one.site is not None and not one.reports_only
        }

    def get_facility_status(self):
        """Each telescope with what was said of it last, site by site."""
        said, sites = telescopes.statuses(), {}
        for one in telescopes.telescopes().values():
            if one.reports_only:
                continue
            code = (one.site.mpc or one.site.name or one.name) if one.site is not None else "space"
            there = sites.setdefault(code, {"code": code, "telescopes": []})
            state = said.get(one.name, telescopes.Status())
            there["telescopes"].append({"code": one.name, "status": "AVAILABLE" if state.can_observe else state.label})
        return {"code": self.name, "sites": list(sites.values())}

    def get_facility_weather_urls(self):
        """For each site the page that says what is known here of its weather; the host links to nothing where there is none."""
        found = []
        for site in self.get_facility_status()["sites"]:
            names = [one["code"] for one in site["telescopes"]]
            page = ("tom_treasuremap:telescope", names) if len(names) == 1 else ("tom_treasuremap:telescopes", [])
            found.append({"code": site["code"], "weather_url": reverse(page[0], args=page[1])})
        return {"code": self.name, "sites": found}

    def get_observation_status(self, observation_id):
        row = Asked.objects.select_related("record", "submission", "cancellation").get(request_id=observation_id)
        following.refresh(row)
        record = row.record
        record.refresh_from_db()
        return {
            "state": record.status,
            "scheduled_start": record.scheduled_start,
            "scheduled_end": record.scheduled_end,
        }

    def data_products(self, observation_id, product_id=None):
        row = Asked.objects.filter(request_id=observation_id).first()
        found = row.products if row is not None else []
        return [one for one in found if product_id is None or str(one.get("id")) == str(product_id)]

    def save_data_products(self, observation_record, product_id=None):
        return products.keep(observation_record, product_id)

    def cancel_observation(self, observation_id):
        row = Asked.objects.select_related("record").filter(request_id=observation_id).exclude(record=None).first()
        user = self._user()
        if row is None or not cancelling.may_cancel(row.record, user):
            raise ValidationError("It is not yours to cancel.")
        left = cancelling.cancel([row.record], user, f"Cancelled by {user.get_username()}.")
        if left:
            raise ValidationError(" ".join(left.values()))
        return True
