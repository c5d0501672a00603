"""Where the two sides meet: the command line, the demo, and browsers that run without a window."""
