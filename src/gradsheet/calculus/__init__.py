"""Part 1: what a small fully connected network computes, as named expressions."""
