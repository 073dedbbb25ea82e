"""The parts of the manual that are made from the code, in both languages.

``python -m console.reference`` puts them in their places in ``docs``; a test fails where a page has
another. What the code does not say by itself, meanings and Chinese, is in ``texts``.
"""
