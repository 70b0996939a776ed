"""Any torch or ONNX model as a workbook of live formulas."""
