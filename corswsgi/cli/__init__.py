"""The command line, the demo, and the browsers that it opens without a window."""
