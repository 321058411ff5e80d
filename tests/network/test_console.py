"""What a person asks and keeps: a real port answered by a loop in a thread, real files."""
import ipaddress
import threading

import pytest

from appliance import config
from appliance.errors import ConfigError, KagamiError, PartMissing, UsageError
from appliance.network import console
from tests.fakes.box import Box
from tests.fakes.receiver import Receiver, eventually, free_port


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A configuration of this test's own; where what is added lies."""
    monkeypatch.setenv(config.VARIABLE, str(tmp_path / "kagami.conf"))
    (tmp_path / "kagami.conf").write_text("")
    return config.kept_path("")


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def running(path, port):
    """A program that runs, its loop in a thread."""
    with Box(port=port, again=lambda kept=None: loaded(port, kept=kept)) as box:
        box.settings.reread()
        with box.turning():
            yield box


def loaded(port, *more, kept=None):
    return config.load(overrides=["control.port=%d" % port, "control.allow=127.0.0.2"]
                       + list(more), kept=kept)


def sent_to(box):
    return [channel.target.to for channel in box.outputs.channels]


def test_added_targets_are_in_the_configuration(path, port):
    told = console.add(loaded(port), "vmc@127.0.0.1:5001")
    console.add(loaded(port), "kagami@[::1]:5002")
    assert "kept in %s, in force when `kagami run` starts" % path in told
    assert [t.to for t in loaded(port).targets] == ["vmc@127.0.0.1:5001", "kagami@[::1]:5002"]


def test_what_is_dropped_is_there_no_longer(path, port):
    for to in ("vmc@127.0.0.1:5001", "vmc@127.0.0.1:5002"):
        console.add(loaded(port), to)
    console.drop(loaded(port), "vmc@127.0.0.1:5001")
    assert [t.to for t in loaded(port).targets] == ["vmc@127.0.0.1:5002"]


def test_the_target_that_a_user_wrote_stays_beside_an_added_one(path, port):
    one = loaded(port, "target.to=vmc@127.0.0.1:5000")
    console.add(one, "vmc@127.0.0.1:5001")
    assert [t.to for t in loaded(port).targets] == ["vmc@127.0.0.1:5000", "vmc@127.0.0.1:5001"]


@pytest.mark.parametrize("to, told", [
    ("vmcc@127.0.0.1:1", "did you mean vmc"), ("vmc@127.0.0.1", "is sent to already"),
    ("vmc@127.0.0.1:39539", "is sent to already")])
def test_what_cannot_be_added_is_told(path, port, to, told):
    with pytest.raises(UsageError, match=told):
        console.add(loaded(port), to)


def test_a_thirteenth_target_is_refused(path, port):
    for i in range(12):
        console.add(loaded(port), "vmc@127.0.0.1:%d" % (5001 + i))
    with pytest.raises(UsageError, match="12 targets are the most"):
        console.add(loaded(port), "vmc@127.0.0.1:6000")


@pytest.mark.parametrize("to, told", [
    ("vmc@127.0.0.1:5002", "did you mean vmc@127.0.0.1:5001"), ("x", "was not added"),
    ("vmc@127.0.0.1:39539", "stands in default")])
def test_what_cannot_be_dropped_is_told(path, port, to, told):
    console.add(loaded(port), "vmc@127.0.0.1:5001")
    with pytest.raises(UsageError, match=told):
        console.drop(loaded(port), to)


def test_the_running_program_follows(running, path, port):
    told = console.add(loaded(port), "vmc@127.0.0.1:5001")
    assert told.endswith("kept, and in force")
    assert sent_to(running) == ["vmc@127.0.0.1:5001"]
    console.drop(loaded(port), "vmc@127.0.0.1:5001")
    assert sent_to(running) == ["vmc@127.0.0.1:39539"]


def test_a_configuration_that_the_program_refuses_is_told(running, path, port, tmp_path):
    now = loaded(port)
    (tmp_path / "kagami.conf").write_text("[camera]\nwdth = 3\n")
    with pytest.raises(KagamiError, match="wdth") as e:
        console.add(now, "vmc@127.0.0.1:5001")
    assert e.value.status == ConfigError.status
    assert sent_to(running) == ["vmc@127.0.0.1:39539"]


def test_a_program_with_targets_of_its_own_is_told_apart(path, port):
    with Box("vmc@127.0.0.1:5009", port=port) as box:
        box.settings._again = lambda kept: config.aim(
            loaded(port, kept=kept), ["vmc@127.0.0.1:5009"])
        with box.turning():
            told = console.add(loaded(port), "vmc@127.0.0.1:5001")
    assert told.endswith("targets: --to stays in force")


def test_the_list_says_who_why_and_what_is_known(running, path, port):
    console.add(loaded(port), "vmc@127.0.0.1:5001")
    _, _, head, row, advice = console.listing(loaded(port))
    assert head.split() == ["to", "address", "frames/s", "sent", "failed", "refused", "answer",
                            "why"]
    assert row.split() == ["vmc@127.0.0.1:5001", "127.0.0.1", "0.0", "0", "0", "0", "nothing",
                           "sent", "yet", "added"]
    assert advice.startswith("    no picture has come yet")


def test_both_ends_stand_in_the_first_line(running, path, port, monkeypatch):
    at = [("eth0", ipaddress.ip_interface("192.168.1.30/24"))]
    monkeypatch.setattr(console.addresses, "adapters", lambda: at)
    monkeypatch.setattr(console.addresses, "serial", lambda names: "0a1b2c")
    for to in ("vmc@127.0.0.1:5001", "vmc@192.0.2.1:5001", "kagami@192.0.2.1:5002"):
        console.add(loaded(port), to)
    assert console.listing(loaded(port))[0] == (
        "I am Kagami-0a1b2c (kagami-0a1b2c.local) at 192.168.1.30; "
        "I send to this machine, 192.0.2.1")
    named = loaded(port, "network.name=desk", "network.discovery=no")
    assert console.listing(named)[0].startswith("I am desk at 192.168.1.30; ")


def test_without_a_network_it_says_so(running, path, port, monkeypatch):
    at = [("lo", ipaddress.ip_interface("127.0.0.1/8"))]
    monkeypatch.setattr(console.addresses, "adapters", lambda: at)
    assert console.listing(loaded(port))[0] == (
        "I am Kagami-000000 at no network; I send to this machine")


def test_questions_that_were_ignored_are_told(running, path, port):
    phone = free_port()
    console.add(loaded(port), "vts@127.0.0.1:%d" % phone)
    running.outputs.channels[0].link.ignored = 7
    assert "7 questions of others were ignored" in console.listing(loaded(port))[4]


def test_an_avatar_that_is_known_is_below_its_row(running, path, port):
    console.add(loaded(port), "vrchat@127.0.0.1:5001")
    running.outputs.channels[0].declare({"/avatar/parameters/v2/JawOpen": "f",
                                         "/avatar/parameters/Hat": "T"})
    assert console.listing(loaded(port))[4] == (
        "    its avatar has 2 parameters, 1 of them ours")


def test_a_target_that_has_the_port_does_not_deafen_the_list(path, port):
    with Box("kagami@127.0.0.1:%d" % port, port=port) as box, box.turning():
        assert console.listing(loaded(port))[3].startswith("kagami@127.0.0.1:%d" % port)
        with pytest.raises(KagamiError, match="the control port: it is not open"):
            console.listen(loaded(port), "vmc", 5, lambda words: None)


def test_the_list_counts_what_did_not_leave_and_what_came_back(running, path, port):
    console.add(loaded(port), "vmc@127.0.0.1:5001")
    link = running.outputs.channels[0].link
    link.sent, link.failed, link.refused = 9, 7, 3
    assert console.listing(loaded(port))[3].split()[2:6] == ["0.0", "9", "7", "3"]


def test_without_a_program_the_list_says_what_is_configured(path, port):
    lines = console.listing(loaded(port))
    assert lines[1].split() == ["vmc@127.0.0.1:39539"] + ["-"] * 6 + ["[target]"]
    assert lines[-1].startswith("nothing runs here")


def test_a_word_from_a_computer_names_it(running, port):
    words = []

    def say(text):
        words.append(text)
        with Receiver("127.0.0.2") as pc:
            pc.socket.sendto(b"anything", ("127.0.0.1", port))
    assert console.listen(loaded(port), "vmc", 5, say) == "vmc@127.0.0.2"
    assert "5 s" in words[0] and str(port) in words[0]


def test_the_port_that_is_wished_for_is_kept(running, port):
    def say(_):
        with Receiver("127.0.0.2") as pc:
            pc.socket.sendto(b"anything", ("127.0.0.1", port))
    assert console.listen(loaded(port), "kagami:5005", 5, say) == "kagami@127.0.0.2:5005"


def test_a_stranger_s_word_does_not_count(running, port):
    def say(_):
        with Receiver("127.0.0.9") as pc:
            pc.socket.sendto(b"anything", ("127.0.0.1", port))
    with pytest.raises(KagamiError, match="no computer has said anything"):
        console.listen(loaded(port), "vmc", 1, say)


def test_who_asked_in_the_window_is_sent_to_without_asking_again(running, path, port):
    phone, said, found = free_port(), [], threading.Event()
    with Receiver() as app:
        question = b'{"messageType":"iOSTrackingDataRequest","time":9,"ports":[%d]}' % app.port

        def asks():
            while not found.wait(0.02):
                app.socket.sendto(question, ("127.0.0.1", phone))
        asking = threading.Thread(target=asks)
        asking.start()
        to = console.listen(loaded(port), "vts:%d" % phone, 60, said.append)
        found.set()
        asking.join()
        console.add(loaded(port), to)
        assert to == "vts@127.0.0.1:%d" % phone and "port %d " % phone in said[0]
        link = running.outputs.channels[0].link
        assert eventually(lambda: link.clients == {"127.0.0.1": [app.port]})


@pytest.mark.parametrize("form, seconds, told", [
    ("vmcc", 5, "did you mean vmc"), ("vmc:x", 5, "port"), ("vmc", 0, "give 1 to 600 s"),
    ("vmc", 601, "give 1 to 600 s"), ("vts", 61, "give 1 to 60 s"),
    ("ifacialmocap:5000", 61, "give 1 to 60 s"), ("vts:8001", 601, "give 1 to 600 s")])
def test_what_cannot_be_waited_for_is_told_before_the_wait(path, port, form, seconds, told):
    with pytest.raises(UsageError, match=told):
        console.listen(loaded(port), form, seconds, pytest.fail)


def test_without_a_program_nothing_can_be_waited_for(path, port):
    with pytest.raises(PartMissing, match="start `kagami run` first"):
        console.listen(loaded(port), "vmc", 5, pytest.fail)
