"""The TOM's facility for the team's own telescopes: the host's pages, templates, cadences and API ask and cancel by it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from tom_observations.facility import BaseRoboticObservationFacility

from tom_treasuremap import telescopes
from tom_treasuremap.followup import asking, cancelling, following
from tom_treasuremap.followup.request import FAILED, TERMINAL
from tom_treasuremap.models import Asked


class FollowUpFacility(BaseRoboticObservationFacility):
    """Every telescope that the team may ask, under one name."""

    name = asking.FACILITY
    observation_forms: dict[str, Any] = {}

    def get_form(self, observation_type):
        raise NotImplementedError

    def submit_observation(self, observation_payload):
        raise NotImplementedError

    def validate_observation(self, observation_payload):
        raise NotImplementedError

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

    def cancel_observation(self, observation_id):
        row = Asked.objects.select_related("record").filter(request_id=observation_id).exclude(record=None).first()
        if row is None or not cancelling.may_cancel(row.record, self.user):
            raise ValidationError("It is not yours to cancel.")
        left = cancelling.cancel([row.record], self.user, f"Cancelled by {self.user.get_username()}.")
        if left:
            raise ValidationError(" ".join(left.values()))
        return True
