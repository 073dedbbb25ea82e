"""The operator's desk as command line, web console and API share it; each call is one request."""
