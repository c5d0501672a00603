"""served.py as a WSGI application, for servers."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
