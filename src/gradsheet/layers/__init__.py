"""Any torch model as a workbook: traced into layers, one sheet a layer."""
