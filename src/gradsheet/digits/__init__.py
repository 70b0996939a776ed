"""Part 2: a convolutional network of 17,410 parameters that reads handwritten digits."""

import os

# How often a thread of torch's looks whether the others are done before it sleeps; read when torch
# loads. The runtime's own 300,000 take the core from the very thread that is waited for as soon as
# other work runs beside training (benchmarks/contention.py). The user's settings count.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
