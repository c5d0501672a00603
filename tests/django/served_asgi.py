"""served.py as an ASGI application, for servers."""

from django.core.asgi import get_asgi_application

application = get_asgi_application()
