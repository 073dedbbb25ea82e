"""Files that mean harm, or are broken, against the real readers."""
