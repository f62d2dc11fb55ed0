"""The model, as a TOM would write it: a column that people fill in, and one that its save works out of the place."""

from __future__ import annotations

from django.db import models
from tom_targets.base_models import BaseTarget


class OwnTarget(BaseTarget):
    remarks = models.TextField(blank=True, default="")
    hemisphere = models.CharField(max_length=5, blank=True, default="")

    class Meta:
        verbose_name = "target"
        permissions = (
            ("view_target", "View Target"),
            ("add_target", "Add Target"),
            ("change_target", "Change Target"),
            ("delete_target", "Delete Target"),
        )

    def save(self, *args, **kwargs):
        self.hemisphere = "north" if (self.dec or 0) > 0 else "south"
        super().save(*args, **kwargs)

    def __str__(self):
        return self.name
