"""Where each TOM target is, for searches that do not grow with the number of targets."""

from __future__ import annotations

from django.db import models


class TargetPlace(models.Model):
    """A sidereal target's position with its nested HEALPix index; kept by `places.py`."""

    target = models.OneToOneField(
        "tom_targets.BaseTarget", on_delete=models.CASCADE, primary_key=True, related_name="scimma_place"
    )
    hpx14 = models.BigIntegerField(db_index=True)  #: nested index at order 14 (13 arcsec)
    ra = models.FloatField()
    dec = models.FloatField()
    #: 0: placed in the live events as it stands; else when it was last saved, microseconds, for the worker to do so
    mark = models.BigIntegerField(default=1, db_default=1)

    class Meta:
        indexes = [models.Index(fields=["mark"], condition=models.Q(mark__gt=0), name="scimma_place_marked")]

    def __str__(self):
        return f"place of target {self.target_id}"
