"""Which network a table trains."""
