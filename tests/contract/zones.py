"""Prints the offsets of all time zones, hour by hour from 2024 to 2040, by Python's own zoneinfo module.

    python tests/contract/zones.py FOLDER > tests/data/zones.txt

FOLDER has compiled zones, as the package tzdata of PyPI has in tzdata/zoneinfo. A line is the names of zones with the
same offsets, then the offset in seconds at the first hour, and for each later hour that differs from the one before
it the number of hours since 2024 and the offset.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

FIRST = int(datetime(2024, 1, 1, tzinfo=timezone.utc).timestamp())
HOURS = (int(datetime(2041, 1, 1, tzinfo=timezone.utc).timestamp()) - FIRST) // 3600


def offsets(path):
    with open(path, "rb") as file:
        zone = ZoneInfo.from_file(file)
    runs, last = [], None
    for hour in range(HOURS):
        offset = datetime.fromtimestamp(FIRST + hour * 3600, zone).utcoffset()
        if offset != last:
            runs.append((hour, round(offset.total_seconds())))
            last = offset
    return runs


def main():
    folder = Path(sys.argv[1])
    edition = (folder / "tzdata.zi").read_text().split("\n", 1)[0].removeprefix("# version ")
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (content := path.read_bytes())[:4] == b"TZif":
            name = path.relative_to(folder).as_posix()
            if name != "Factory":
                files.setdefault(sha256(content).digest(), []).append(name)
    names = list(files.values())
    lines = {}
    with ProcessPoolExecutor() as pool:
        for same, runs in zip(names, pool.map(offsets, [folder / first[0] for first in names], chunksize=4)):
            (_, first), *rest = runs
            line = " ".join([str(first)] + [f"{hour}:{offset}" for hour, offset in rest])
            lines.setdefault(line, []).extend(same)
    print(f"# tzdata {edition}")
    for line, same in sorted((line, sorted(same)) for line, same in lines.items()):
        print(",".join(same), line)


if __name__ == "__main__":
    main()
