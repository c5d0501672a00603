"""The test suites of other libraries, run against this project."""
