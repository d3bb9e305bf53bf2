"""What the command line prints of its own example, as the table of `docs/what_to_expect.md`.

Usage: python example.py
"""

import re
import subprocess
import sys
import tempfile

_ROW = re.compile(r"^(\w+_\w+)\s+(-?[\d.]+)( dB)?\s+(-?[\d.]+)( dB)?\s+([\d.]+)\s*$", re.MULTILINE)


def main():
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hyperspy_multimodal", "-o", f"{folder}/example"]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    print("<!-- table: example -->\n")
    print("| line | SNR raw | SNR fused | total, fused / true |\n|---|---|---|---|")
    for line, raw, _, fused, _, total in _ROW.findall(said):
        print(f"| {line.replace('_', ' ')} | {raw} dB | {fused} dB | {total} |")


if __name__ == "__main__":
    main()
