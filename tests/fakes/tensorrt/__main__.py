"""Run a program on the fakes: python3 -m tests.fakes.tensorrt VERSION SCRIPT ARGUMENTS"""
import runpy
import sys

from tests.fakes import tensorrt as fakes

version, sys.argv = sys.argv[1], sys.argv[2:]
with fakes.installed(version):
    runpy.run_path(sys.argv[0], run_name="__main__")
