"""Catalogue galaxies, and which edition of which catalogue they come from."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class GalaxyCatalog(models.Model):
    """One edition of a galaxy catalogue: in use, being loaded, or replaced and being removed."""

    class State(models.TextChoices):
        LOADING = "loading", "loading"
        CURRENT = "current", "in use"
        OLD = "old", "replaced"

    name = models.CharField(max_length=60)
    edition = models.CharField(max_length=100, blank=True)  #: as the file says, or the person who loaded it
    file = models.CharField(max_length=255)  #: name of the file it was read from
    sha256 = models.CharField(max_length=64)  #: of that file
    options = models.JSONField(default=dict)  #: how the file is read: layout, columns, limits
    state = models.CharField(max_length=7, choices=State.choices, default=State.LOADING)
    position = models.JSONField(default=dict)  #: where reading goes on after a stop
    read = models.BigIntegerField(default=0)  #: rows of the file read so far
    rows = models.BigIntegerField(default=0)  #: galaxies kept
    left_out = models.JSONField(default=dict)  #: rows not kept, by reason
    started = models.DateTimeField(default=timezone.now)
    loaded = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(state="current"), name="scimma_galaxycatalog_current"
            ),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(state="loading"), name="scimma_galaxycatalog_loading"
            ),
        ]

    def __str__(self):
        return f"{self.name} {self.edition}".strip()


class Galaxy(models.Model):
    """A galaxy as its catalogue has it; None where the catalogue does not say."""

    class From(models.TextChoices):
        INDEPENDENT = "independent", "measured without redshift"
        SPECTROSCOPIC = "spectroscopic", "spectroscopic redshift"
        PHOTOMETRIC = "photometric", "photometric redshift"
        REDSHIFT = "redshift", "redshift"
        DOUBTFUL = "doubtful", "doubtful redshift"
        STATED = "stated", "as stated"

    catalog = models.ForeignKey(GalaxyCatalog, on_delete=models.CASCADE, related_name="galaxies", db_index=False)
    ident = models.CharField(max_length=100)  #: in the catalogue
    name = models.CharField(max_length=100)
    ra = models.FloatField()
    dec = models.FloatField()
    hpx14 = models.BigIntegerField()  #: nested index at order 14 (13 arcsec)
    distance_mpc = models.FloatField(null=True)  #: luminosity distance
    distance_sd_mpc = models.FloatField(null=True)
    distance_from = models.CharField(max_length=13, choices=From.choices, blank=True)
    redshift = models.FloatField(null=True)
    mag_b = models.FloatField(null=True)  #: apparent; Vega but for r
    mag_r = models.FloatField(null=True)
    mag_k = models.FloatField(null=True)
    mag_w1 = models.FloatField(null=True)
    abs_b = models.FloatField(null=True)
    abs_k = models.FloatField(null=True)
    abs_w1 = models.FloatField(null=True)
    mass = models.FloatField(null=True)  #: stellar, solar masses
    radius_arcsec = models.FloatField(null=True)  #: half-light

    class Meta:
        constraints = [models.UniqueConstraint(fields=["catalog", "ident"], name="scimma_galaxy_once")]
        indexes = [models.Index(fields=["catalog", "hpx14"], name="scimma_galaxy_place")]

    def __str__(self):
        return self.name
