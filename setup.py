"""For pip: setup.cfg says everything; the pip of Python 3.6 still asks for this file."""
from setuptools import setup

setup()
