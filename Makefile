# make demo    install what is needed, then track the clip that comes along and send VMC to this machine
# make setup   only install
# make test    install, then run the tests (on Python 3.6 too, where it is found)
# make test-wires   install programs of others too, and have them read what Kagami sends; as root
# make test-engines   what can be known of the engines without a GPU
# make test-training   install torch and MediaPipe, and run the tests of the training
# make test-gpu     on a machine with a GPU of NVIDIA and TensorRT: build, verify, compare, measure
# make test-service   boot Debian in a container, and have its systemd run Kagami; as root, a quarter of an hour
# make test-bionic    the tests and the service in a Nano's own user land, Ubuntu 18.04; as root, 35 minutes
# make test-image   make a card image and boot it in a board that QEMU plays; as root, on Debian, 45 minutes
# make test-panel   install a browser, then do with the panel what a user does

.PHONY: demo setup test test-wires test-engines test-training test-gpu test-service test-bionic test-image test-panel docs clean

demo: setup
	@.venv/bin/kagami demo

setup:
	@deploy/setup.sh

test:
	@deploy/test.sh

test-wires:
	@deploy/wires.sh

test-engines:
	@deploy/test_engines.sh

test-training:
	@deploy/test_training.sh

test-gpu:
	@deploy/test_gpu.sh

test-service:
	@deploy/test_service.sh

test-image:
	@deploy/test_image.sh

test-bionic:
	@deploy/test_bionic.sh

test-panel:
	@deploy/test_panel.sh

docs: setup
	.venv/bin/python -m appliance.config > docs/config.md

clean:
	rm -rf .venv .venv36 .venv-engines .venv-training *.egg-info tests/foreign/node_modules
