"""ONNX files as torch modules, by one table: a torch function for each operator."""

from gradsheet.models.onnx_import.reading import declared_sizes, read_onnx

__all__ = ["declared_sizes", "read_onnx"]
