"""Gradsheet: small neural networks that hide nothing."""
