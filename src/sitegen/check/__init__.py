"""What can be found wrong with a site that builds: pure, but for asking other hosts on request."""
