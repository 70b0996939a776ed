"""The digit classifier: a convolutional network of 17,410 parameters for handwritten digits."""
