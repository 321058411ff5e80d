"""What ONNX Runtime may not do beside computing."""
import os
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def test_it_keeps_nothing_of_this_machine(tmp_path):
    """1.29 does: a number of the machine, and events that it would send."""
    code = ("from appliance.backends.onnxruntime import OnnxRuntime;"
            "OnnxRuntime().load('iris').infer()")
    here = dict(os.environ, XDG_CACHE_HOME=str(tmp_path), HOME=str(tmp_path))
    subprocess.check_call([sys.executable, "-B", "-c", code], cwd=ROOT, env=here)
    assert os.listdir(str(tmp_path)) == []
