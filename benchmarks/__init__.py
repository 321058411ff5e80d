"""Measures Kagami: one module per table; results/ holds figures with their circumstances."""
