"""``python -m scalearn_tui`` is ``scalearn``."""

import sys

from scalearn_tui.cli.app import main

sys.exit(main())
