"""The settings of served.py: those that let pages of this machine read, and log in."""

import json
import os
from pathlib import Path

SECRET_KEY = "tests"
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = "tests.django.served"
INSTALLED_APPS = ["corswsgi_django", "django.contrib.sessions", "django.contrib.staticfiles"]
MIDDLEWARE = [
    "corswsgi_django.middleware.CORSMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
STATIC_URL = "/static/"
STATICFILES_DIRS = [Path(__file__).with_name("static")]
WSGI_APPLICATION = "tests.django.served_wsgi.application"

globals().update(json.loads(os.environ["TESTS_DJANGO_SETTINGS"]))
