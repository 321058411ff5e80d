"""For pip: everything is said in setup.cfg; the pip that Python 3.6 takes still asks for this file."""
from setuptools import setup

setup()
