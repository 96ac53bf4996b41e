"""Count the tests that were skipped for want of real data; fail where the data are there and any was.

usage: count_real_data_skips.py FOLDER   (of pytest's junit files)
"""

import os
import sys
from pathlib import Path
from xml.etree import ElementTree


def main(folder: Path) -> int:
    tests = [case for file in sorted(folder.glob("*.xml")) for case in ElementTree.parse(file).iter("testcase")]
    reasons = [(case.get("name"), skipped.get("message") or "") for case in tests for skipped in case.iter("skipped")]
    for name, reason in reasons:
        print(f"skipped: {name}: {reason}")
    without_data = sum(reason.startswith("real data:") for _, reason in reasons)
    print(f"{without_data} of {len(tests)} tests were skipped for want of real data")
    there = Path(os.environ.get("EVALWIDGET_REAL_DATA") or Path(__file__).parents[2] / "shared" / "data").is_dir()
    if not tests or (there and without_data):
        print("expected none: the data are there" if tests else "expected tests, found none")
        return 1
    print(f"{len(tests) - len(reasons)} passed, 0 failed, {len(reasons)} skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
