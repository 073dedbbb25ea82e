"""Checks of everything in ``deploy/``, with tools that need no container engine and no cluster.

``python -m deploy.check [DIRECTORY]`` looks at a directory like ``deploy/``, prints one line for
each fault, and ends with 1 where there is one.
"""
