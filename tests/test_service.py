"""Words to systemd."""
import socket

import pytest

from appliance import service


@pytest.mark.parametrize("where", ["{}/notify", "@{}"])
def test_a_word_arrives_where_systemd_listens(tmp_path, monkeypatch, where):
    where = where.format(str(tmp_path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind("\0" + where[1:] if where[0] == "@" else where)
        heard.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", where)
        service.notifier()("STATUS=gr\u00fc\u00dfe")
        assert heard.recv(100) == "STATUS=gr\u00fc\u00dfe".encode()


def test_nobody_is_told_where_systemd_did_not_start_us(monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not service.managed()
    service.notifier()("READY=1")


def test_a_systemd_that_does_not_listen_ends_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    service.notifier()("READY=1")
