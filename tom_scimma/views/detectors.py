"""The page of supernova detectors: who of SNEWS's is alive."""

from __future__ import annotations

from django.utils import timezone
from django.views.generic import TemplateView

from tom_scimma import detectors


class DetectorsView(TemplateView):
    """Every detector that sent a heartbeat, on the topics that this user may see. An htmx request gets the table."""

    def get_template_names(self):
        return ["tom_scimma/partials/detectors.html" if self.request.htmx else "tom_scimma/detectors.html"]

    def get_context_data(self, **kwargs):
        now = timezone.now()
        states = detectors.states(self.request.user, now)
        real, tests = ([state for state in states if state.row.test is test] for test in (False, True))
        alive = sum(state.light != "red" for state in real)
        return super().get_context_data(now=now, real=real, tests=tests, alive=alive, **kwargs)
