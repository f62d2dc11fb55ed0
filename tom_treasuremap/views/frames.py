"""Pictures of simulated telescopes, for those who may see the observation."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views import View
from tom_observations.models import ObservationRecord

from tom_treasuremap import telescopes
from tom_treasuremap.models import SimulatedRequest
from tom_treasuremap.models.pointings import visible_observations
from tom_treasuremap.transports.simulated import Simulated


class SimulatedFrameView(View):
    """One FITS file, made when it is asked for."""

    def get(self, request, identity: str) -> HttpResponse:
        name = identity.rpartition("-")[0]
        seen = ObservationRecord.objects.filter(observation_id=name, pk__in=visible_observations(request.user))
        row = SimulatedRequest.objects.filter(request_id=name).first() if seen.exists() else None
        if row is None:
            raise Http404("There is no such picture, or you may not see it.")
        try:
            data = Simulated().product(telescopes.telescope(row.telescope), identity)
        except LookupError as error:
            raise Http404(str(error)) from error
        response = HttpResponse(data, content_type="application/fits")
        response["Content-Disposition"] = f'attachment; filename="{identity}.fits"'
        return response
