"""kagami.service under a real systemd."""
import time

from tests.service.conftest import PORT
from tests.service.house import until

UNIT = "kagami.service"


def test_it_is_ready_and_sends(box):
    with box.listen(PORT) as receiver:
        receiver.socket.settimeout(5)
        assert receiver.socket.recv(65536)
    assert box.property(UNIT, "ActiveState") == "active"


def test_its_status_says_state_rate_and_time(box):
    words = until(lambda: [w for w in [box.property(UNIT, "StatusText")] if "fps" in w], 10)
    print(words, box.property(UNIT, "MainPID"))
    print(box.journal(UNIT))
