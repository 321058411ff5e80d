"""What the tests of outputs share: receivers on sockets of this machine."""
import pytest

from tests.fakes.receiver import Receiver


@pytest.fixture
def there():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def two():
    with Receiver() as a, Receiver() as b:
        yield a, b
