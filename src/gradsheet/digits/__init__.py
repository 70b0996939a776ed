"""The digit classifier: a convolutional network of 17,410 parameters for handwritten digits."""

import os

# How often one of torch's threads checks whether the others are done before it sleeps. libgomp
# reads it when torch loads. With its default of 300,000 a waiting thread takes the core from the
# very thread it waits for when other work runs beside training (benchmarks/contention.py). The
# user's settings take precedence.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
