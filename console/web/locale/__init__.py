"""The texts of the console: English stands in the source, Chinese in ``zh/``."""
