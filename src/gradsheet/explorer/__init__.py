"""Pages for a browser: the whole thing alive, with nothing to install."""
