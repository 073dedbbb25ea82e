"""Why a message could not be delivered."""


class Undelivered(Exception):  # noqa: N818 - it says what became of it
    """A channel did not take a message; the text holds no part of its address."""
