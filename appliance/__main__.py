"""`python3 -m appliance` is the command `kagami`."""
import sys

from appliance.cli import main

sys.exit(main())
