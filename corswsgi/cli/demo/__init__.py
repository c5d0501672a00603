"""The demo: one API with WSGI, Flask and Django, and pages of two origins that fetch from it."""
