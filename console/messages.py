"""What the program says in a sentence, for a terminal."""

from console import form_labels, sentences


def in_both(message: str) -> str:
    """Return a message in the words of the form, with its Chinese before it where it has one."""
    return sentences.both(form_labels.worded(message))
