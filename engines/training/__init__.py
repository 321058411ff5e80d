"""Training of the three networks on a PC: material, networks, losses, export to ONNX."""
