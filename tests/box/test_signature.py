"""Keys and signatures."""
import base64

import pytest

from appliance.box import signature
from appliance.errors import DataError, InputMissing

SECRET = bytes(range(32))


def test_a_signature_is_of_its_key_and_its_data_alone():
    signed, public = signature.sign(SECRET, b"data")
    other = signature.sign(b"x" * 32, b"data")[1]
    assert signature.is_by(public, signed, b"data")
    assert not signature.is_by(public, signed, b"Data")
    assert not signature.is_by(other, signed, b"data")


@pytest.mark.parametrize("wrong", [b"", b"x", b"\0" * 64, b"\0" * 65, b"\xff" * 64])
def test_what_is_no_signature_is_none(wrong):
    assert not signature.is_by(signature.sign(SECRET, b"")[1], wrong, b"data")


def test_signing_gives_what_the_standard_gives():
    # RFC 8032, 7.1, TEST 1.
    secret = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    signed, public = signature.sign(secret, b"")
    assert public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert signed.hex() == ("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")


def test_a_new_key_is_new():
    assert signature.new_secret() != signature.new_secret()


def test_a_key_comes_back_from_its_file(tmp_path):
    (tmp_path / "key").write_bytes(signature.spelt(SECRET))
    assert signature.read_key(str(tmp_path / "key")) == SECRET


@pytest.mark.parametrize("text", [b"", b"hello\n", base64.b64encode(b"x" * 31), b"A" * 500,
                                  b"\xff" * 44])
def test_what_is_no_key_is_told(tmp_path, text):
    (tmp_path / "key").write_bytes(text)
    with pytest.raises(DataError, match="not a key"):
        signature.read_key(str(tmp_path / "key"))


def test_a_key_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputMissing):
        signature.read_key(str(tmp_path / "key"))
