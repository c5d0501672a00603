"""The settings of the Django project that the tests run."""

SECRET_KEY = "tests"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.django.urls"
INSTALLED_APPS = ["corswsgi_django"]
MIDDLEWARE = ["corswsgi_django.middleware.CORSMiddleware"]
