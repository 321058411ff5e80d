"""Words of a command of the system become what it prints, or one line of why it failed."""
import subprocess

from appliance.errors import PartMissing

PATIENCE = 120      # seconds; a slow card, never a question that nobody answers


def run(*words):
    """What a command prints; PartMissing where it is not there, fails or does not end."""
    try:
        return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, check=True,
                              timeout=PATIENCE).stdout
    except FileNotFoundError:
        raise PartMissing(words[0], "not installed", "install what has it") from None
    except subprocess.CalledProcessError as e:
        why = (e.stderr or e.stdout).strip().split("\n")[-1][:200]
        raise PartMissing(" ".join(words), why or "status %d" % e.returncode,
                          "see the journal") from e
    except subprocess.TimeoutExpired as e:
        raise PartMissing(" ".join(words), "no end within %d s" % PATIENCE,
                          "see the journal") from e
