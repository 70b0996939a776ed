"""Part 2: a convolutional network of 17,410 parameters that reads handwritten digits."""
