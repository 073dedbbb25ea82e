"""What the program says in a sentence, in the language of the reader."""

from console import form_labels, halves, sentences
from console.web.languages import CHINESE


def told(message: str, language: str) -> str:
    """Return a message with what is known of it in the reader's words; else as it is."""
    worded = form_labels.worded(message)
    return halves.chinese(sentences.chinese(worded)) if language == CHINESE else worded
