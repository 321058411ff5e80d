"""Kagami: head, eyes and face from a camera to every avatar application, as OSC."""

__version__ = "0.1.0"
