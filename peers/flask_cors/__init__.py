"""Stands for Flask-CORS while its tests run: the names that they import, from corswsgi_flask."""

from corswsgi_flask import CORS, cross_origin

__all__ = ["CORS", "cross_origin"]
