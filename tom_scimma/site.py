"""Where this TOM is, for links in what leaves it."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from tom_scimma.conf import conf
from tom_scimma.sources import tom_name

#: what django.contrib.sites begins with
NOWHERE = "example.com"


def absolute(path: str) -> str:
    """The full address of a path here: by TOM_SCIMMA["URL"], else the site's domain; "" where neither is set."""
    home = conf.URL.rstrip("/") or _site()
    return f"{home}{path}" if home else ""


def authority() -> str:
    """What the IVORNs of our VOEvents begin with: TOM_SCIMMA["IVORN"], else made of this TOM's address and name."""
    host = urlsplit(absolute("/")).hostname or "tom.invalid"
    return conf.IVORN or f"ivo://{host}/{tom_name()}"


def _site() -> str:
    if "django.contrib.sites" not in settings.INSTALLED_APPS:
        return ""
    from django.contrib.sites.models import Site

    site = Site.objects.filter(pk=getattr(settings, "SITE_ID", None)).first()
    return f"https://{site.domain}" if site is not None and site.domain != NOWHERE else ""
