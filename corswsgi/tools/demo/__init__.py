"""The demo: one API, served three ways, and pages of two origins that fetch from it."""
