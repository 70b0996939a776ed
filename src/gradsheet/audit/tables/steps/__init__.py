"""Steps of a training that are laid out in other ways than a row each."""
