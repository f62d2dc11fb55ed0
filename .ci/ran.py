"""Fails when the tests of a JUnit report did not all run: python .ci/ran.py report.xml [reason that is allowed]"""

import sys
import xml.etree.ElementTree as ElementTree


def main(path, *allowed):
    """Prints how many tests ran; the exit status is 1 when none did or when one was skipped for another reason."""
    cases = ElementTree.parse(path).getroot().iter("testcase")
    ran, skipped = 0, []
    for case in cases:
        reason = next((skip.get("message") or "" for skip in case.iter("skipped")), None)
        if reason is None:
            ran += 1
        elif not any(words in reason for words in allowed):
            skipped.append(f"{case.get('classname')}.{case.get('name')}: {reason}")
    print(f"{ran} tests ran.")
    for line in skipped:
        print(f"skipped: {line}", file=sys.stderr)
    return 0 if ran and not skipped else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
