"""Mutation testing: change the code in one place, and look if a test fails."""
