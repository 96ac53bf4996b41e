"""``python -m evalwidget``."""

import sys

from evalwidget.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
