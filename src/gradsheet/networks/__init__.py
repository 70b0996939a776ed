"""Small fully connected networks: what they compute, and how they are trained."""
