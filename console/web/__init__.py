"""The console in a browser: pages rendered here, forms that work without a script."""
