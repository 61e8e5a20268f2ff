"""The fake's own controls under ``/_fake/``: their routes, and who may use them."""
