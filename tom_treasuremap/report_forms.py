"""Forms of what is told to the Treasure Map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tom_scimma.filters import UtcField
from tom_scimma.own_token import OwnTokenForm
from tom_treasuremap import registering
from tom_treasuremap.asking import choices
from tom_treasuremap.models import ReportRule, TreasureMapProfile
from tom_treasuremap.pointings import Pointing
from tom_treasuremap.rules import WAVELENGTHS
from tom_treasuremap.vocabulary import BANDS, DEPTH_UNITS, FOOTPRINT_TYPES, FOOTPRINT_UNITS, INSTRUMENT_TYPES, WAVES

UNITS = [("", "–"), *((unit, unit) for unit in DEPTH_UNITS)]


class Small:
    """Bootstrap's small fields."""

    def small(self) -> None:
        for field in self.fields.values():
            kind = (
                "form-check-input" if isinstance(field.widget, forms.CheckboxInput) else "form-control form-control-sm"
            )
            field.widget.attrs["class"] = (
                "form-select form-select-sm" if isinstance(field.widget, forms.Select) else kind
            )


class PointingForm(Small, forms.Form):
    """One pointing, as a person knows it; what is left empty is not told."""

    status = forms.ChoiceField(choices=[("planned", "planned"), ("completed", "completed")])
    instrument = forms.ChoiceField(label="Instrument at the Treasure Map")
    ra = forms.FloatField(label="RA (°)", min_value=0, max_value=360)
    dec = forms.FloatField(label="Dec (°)", min_value=-90, max_value=90)
    pos_angle = forms.FloatField(label="Position angle (°)", required=False)
    time = UtcField(label="Time (UTC)")
    band = forms.ChoiceField(choices=[("", "–"), *((band, band) for band in BANDS)], required=False)
    central_wave = forms.FloatField(label="Wavelength (Å)", required=False, help_text="for the band other")
    bandwidth = forms.FloatField(label="Width (Å)", required=False)
    depth = forms.FloatField(label="Depth", required=False)
    depth_unit = forms.ChoiceField(label="Unit", choices=UNITS, required=False)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["instrument"].choices = choices()
        self.small()

    def pointing(self, event: str) -> Pointing:
        """What was filled in."""
        said = self.cleaned_data
        waves = (
            (said["central_wave"], said["bandwidth"])
            if said["band"] not in WAVES or said["band"] == "other"
            else (None, None)
        )
        return Pointing(
            key="", event=event, team="", telescope="", instrument_id=int(said["instrument"]), ra=said["ra"], dec=said["dec"],
            pos_angle=said["pos_angle"], time=said["time"], status=said["status"], band=said["band"] or None, central_wave=waves[0],
            bandwidth=waves[1], depth=said["depth"], depth_unit=said["depth_unit"] or None, source="form", source_id="",
        )  # fmt: skip


class CompleteForm(Small, forms.Form):
    """When planned pointings were done and at which angle; band and depth where they came out otherwise than planned."""

    use_required_attribute = False  # the buttons beside it are of the same form

    time = UtcField(label="Done at (UTC)")
    pos_angle = forms.FloatField(label="Angle (°)", required=False, min_value=-360, max_value=360)
    band = forms.ChoiceField(
        label="Band, if another",
        required=False,
        choices=[("", "–"), *((band, band) for band in BANDS if band != "other")],
    )
    depth = forms.FloatField(label="Depth, if another", required=False)
    depth_unit = forms.ChoiceField(label="Its unit", choices=UNITS, required=False)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.small()

    def pointing(self, said: Mapping[str, Any], event: str) -> Pointing | None:
        """What was planned as `said`, as it was done in the end; None where only time and angle are new."""
        new = self.cleaned_data
        if not new["band"] and new["depth"] is None:
            return None
        band = new["band"] or said.get("band")
        waves = [said.get(name) for name in WAVELENGTHS] if band == said.get("band") else [None, None]
        depth = (said.get("depth"), said.get("depth_unit"))
        if new["depth"] is not None:
            depth = (new["depth"], new["depth_unit"] or depth[1])
        angle = said.get("pos_angle") if new["pos_angle"] is None else new["pos_angle"]
        return Pointing(
            key="", event=event, team="", telescope="", instrument_id=said.get("instrumentid"), ra=said["ra"], dec=said["dec"],
            pos_angle=angle, time=new["time"], status="completed", band=band, central_wave=waves[0], bandwidth=waves[1],
            depth=depth[0], depth_unit=depth[1], source="form", source_id="",
        )  # fmt: skip


class DoiForm(Small, forms.Form):
    """Whose work it is, and a plain yes."""

    use_required_attribute = False  # the buttons beside it are of the same form

    authors = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text="Name; Affiliation, a line each"
    )
    group = forms.IntegerField(
        required=False, min_value=1, label="or the number of your authors' group at the Treasure Map"
    )
    sure = forms.BooleanField(label="Yes, give these pointings a DOI for good")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.small()

    def clean_authors(self) -> list[dict[str, str]]:
        found = []
        for line in filter(None, map(str.strip, self.cleaned_data["authors"].splitlines())):
            name, sign, place = (part.strip() for part in line.partition(";"))
            if not name or not sign or not place:
                raise ValidationError(f"{line!r} is not “Name; Affiliation”.")
            found.append({"name": name, "affiliation": place})
        return found


class RuleForm(Small, forms.ModelForm):
    """Which observations go by themselves."""

    number = forms.TypedChoiceField(label="Instrument at the Treasure Map", coerce=int)
    depth_unit = forms.ChoiceField(label="Its unit", choices=UNITS, required=False)

    class Meta:
        model = ReportRule
        fields = ("facility", "instrument", "group", "number", "planned", "completed", "depth", "depth_unit")

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["number"].choices = choices()
        self.fields["group"].queryset = user.groups.order_by("name")
        self.small()

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if (said.get("depth") is None) != (not said.get("depth_unit")):
            self.add_error("depth_unit", "Depth and unit go together.")
        return said


class InstrumentForm(Small, forms.Form):
    """An instrument and its field of view."""

    instrument_name = forms.CharField(label="Name", max_length=64)
    nickname = forms.CharField(required=False, max_length=25)
    instrument_type = forms.TypedChoiceField(
        label="Kind", coerce=int, choices=[(n, kind) for kind, n in INSTRUMENT_TYPES.items()]
    )
    footprint_type = forms.ChoiceField(label="Shape", choices=[(kind, kind) for kind in FOOTPRINT_TYPES])
    unit = forms.ChoiceField(choices=[(unit, unit) for unit in FOOTPRINT_UNITS])
    width = forms.FloatField(required=False, help_text="of a rectangle, along RA")
    height = forms.FloatField(required=False, help_text="of a rectangle")
    radius = forms.FloatField(required=False, help_text="of a circle")
    polygon = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="(x, y), a corner a line; CCDs are parted by a line with #",
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.small()

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if not self.errors:
            for name, texts in registering.faults(self.said()).items():
                self.add_error(name if name in self.fields else None, texts)
        return said

    def said(self) -> dict[str, Any]:
        """What is registered."""
        said = self.cleaned_data
        common = ("instrument_name", "nickname", "instrument_type", "footprint_type", "unit")
        sizes = registering.SIZES[said["footprint_type"]] or ("polygon",)
        found = {name: said.get(name) for name in (*common, *sizes)}
        if "polygon" in found:
            found["polygon"] = "\n#\n".join(f"[\n{part.strip()}\n]" for part in (found["polygon"] or "").split("#"))
            found["polygon"] = found["polygon"].replace("[\n[", "[").replace("]\n]", "]")
        return {name: value for name, value in found.items() if value not in (None, "")}


class TokenForm(OwnTokenForm):
    """The API token at the Treasure Map."""

    wrong = "A token of the Treasure Map is 64 letters and digits, without spaces."

    class Meta:
        model = TreasureMapProfile
        fields = ("token",)
