"""Renderer of training material: random heads with exact labels, from a face model alone."""
