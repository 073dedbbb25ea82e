"""The JSON API, ``/api/v1``: what the console can do, for programs.

::

    operations (one table) ─┬→ app      who asks, may they, is it well-formed; then the handler
                            └→ openapi  the same, as an OpenAPI 3.1 document

Shapes of requests and answers are dataclasses: what is described is what is checked.
"""
