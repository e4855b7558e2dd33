"""Parses a file of one JSON object a line; prints the seconds it took."""
import json
import sys
import time

start = time.perf_counter()
with open(sys.argv[1], "rb") as lines:
    for line in lines:
        json.loads(line)
print(time.perf_counter() - start)
