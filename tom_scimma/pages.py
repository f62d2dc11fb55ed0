"""URLs of the pages; the host includes them at its root."""

from django.urls import path

app_name = "tom_scimma"
urlpatterns: list = []
