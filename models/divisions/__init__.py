"""The administrative divisions of China down to counties (GB/T 2260). Pure: no third party."""
