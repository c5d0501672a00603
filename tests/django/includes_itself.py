"""A URLconf that includes itself, which Django supports."""

from django.urls import include, path

urlpatterns = [path("again/", include("tests.django.includes_itself"))]
