"""What listens or looks around on the network, beside the frames that go out."""
