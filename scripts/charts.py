#!/usr/bin/env python3
"""Draws the charts of docs/BENCHMARKS.md.

charts.py RESULTS.jsonl ...   what `make bench` wrote; of several runs, the mean
charts.py --from-tables       the tables of docs/BENCHMARKS.md, where no results are at hand
charts.py --check             whether the charts, their figures and the tables agree
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import log2
from pathlib import Path
from statistics import fmean
from typing import Any

PAGE = Path("docs/BENCHMARKS.md")
FOLDER = Path("docs/benchmarks")
SUMMARY = FOLDER / "summary.json"

LANGUAGES = ["go", "java17", "java25", "python", "node"]
NAMES = {"go": "Go", "java17": "Java 17", "java25": "Java 25", "python": "Python", "node": "Node.js"}
SIZES = [64, 1024, 8192, 65536, 1048576]
SIZE_NAMES = ["64 B", "1 KiB", "8 KiB", "64 KiB", "1 MiB"]
COLOURS = ["#0b3c6f", "#2f6db0", "#5c9bd5", "#94c1e8", "#c4dff5"]
SERVERS = {"tdc": "tdc serve", "go-handler": "Go SDK's handler", "python-server": "aiohttp"}
#: A ratio's row: language, peer, batch, then encode / decode for each size.
ROW = re.compile(r"^\| (\w+) \| (sample|tuned) \| (1|32) \|(.+)\|$", re.MULTILINE)
#: Payloads, connections, requests a second of the three servers.
SERVER_ROW = re.compile(r"^\| (\d+) \| (\d+) \| ([\d,]+) / ([\d,]+) / ([\d,]+) \|", re.MULTILINE)

#: {"sample": {"go": {"encode": [a ratio for each size], "decode": …}}}, for one payload a call; and
#: [{"payloads": 20, "connections": 16, "tdc": requests a second, …}].
Figures = dict[str, Any]


def of_tables(page: str) -> Figures:
    """The figures of the page's tables."""
    ratios: dict[str, dict[str, dict[str, list[float]]]] = defaultdict(dict)
    for language, peer, batch, cells in ROW.findall(page):
        if batch == "1":
            pairs = [cell.split("/") for cell in cells.split("|")]
            ratios[peer][language] = {
                op: [float(pair[at]) for pair in pairs] for at, op in enumerate(("encode", "decode"))
            }
    server = [
        {"payloads": int(row[0]), "connections": int(row[1])}
        | {name: int(number.replace(",", "")) for name, number in zip(SERVERS, row[2:], strict=True)}
        for row in SERVER_ROW.findall(page)
    ]
    return {"ratios": ratios, "server": server}


def of_results(files: Iterable[str]) -> Figures:
    """The figures of results: the mean where there are several runs."""
    cases: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    rates: dict[tuple[int, int], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for file in files:
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            if case["lang"] == "server":
                own = rates[case["batch"], case["connections"]]
                own["tdc"].append(case["tdc"]["requests_per_second"])
                own[case["peer"]].append(case["peer_figures"]["requests_per_second"])
            elif case["codec"] == "encrypt" and case["batch"] == 1:
                cases[case["peer"], case["lang"], case["op"], case["size"]].append(case["ratio"])
    ratios: dict[str, dict[str, dict[str, list[float]]]] = {"sample": {}, "tuned": {}}
    for peer, language, op, size in cases:
        if peer in ratios and size == SIZES[0]:
            found = [round(fmean(cases[peer, language, op, each]), 2) for each in SIZES]
            ratios[peer].setdefault(language, {})[op] = found
    server = [
        {"payloads": payloads, "connections": connections} | {name: round(fmean(own[name])) for name in SERVERS if own[name]}
        for (payloads, connections), own in sorted(rates.items())
    ]
    return {"ratios": ratios, "server": server}


def svg(title: str, height: int, body: str) -> str:
    """A drawing in the style of docs/drawings."""
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {height}" width="760" height="{height}" role="img" aria-labelledby="t">
  <title id="t">{title}</title>
  <style>
    .page {{ fill: #ffffff; stroke: #d0d7de }}
    .axis {{ stroke: #57606a }}
    .grid {{ stroke: #d0d7de }}
    text {{ font: 12px sans-serif; fill: #1f2328 }}
    .small {{ font-size: 11px; fill: #57606a }}
    .bold {{ font-size: 14px; font-weight: bold }}
  </style>
  <rect class="page" x="0.5" y="0.5" width="759" height="{height - 1}" rx="6"/>
{body}</svg>
"""


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "middle") -> str:
    """Words at a place."""
    style = f' class="{kind}"' if kind else ""
    return f'  <text{style} x="{x:g}" y="{y:g}" text-anchor="{anchor}">{words}</text>\n'


def rectangle(x: float, y: float, width: float, height: float, colour: str, says: str) -> str:
    """A bar, which says its value when it is pointed at."""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:g}" height="{height:.1f}"'
    return f'  <rect {place} fill="{colour}"><title>{says}</title></rect>\n'


def line(kind: str, y: float, left: float, right: float) -> str:
    """A horizontal line."""
    return f'  <path class="{kind}" d="M{left:g} {y:.1f} H{right:g}"/>\n'


def legend(y: float, entries: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What the colours mean."""
    x = 60.0
    for colour, words in entries:
        yield f'  <rect x="{x:g}" y="{y - 10:g}" width="12" height="12" fill="{colour}"/>\n'
        yield text(x + 18, y, words, anchor="start")
        x += 18 + 7.5 * len(words) + 24


def ratios(peer: str, by_language: dict[str, dict[str, list[float]]]) -> str:
    """Two panels, encode and decode: a bar for each language and size, on a scale of powers of two."""
    present = [language for language in LANGUAGES if language in by_language]
    values = [ratio for ops in by_language.values() for found in ops.values() for ratio in found]
    highest = max(2, int(log2(max(values))) + 1)
    left, right, height = 60, 740, 150
    body = text(20, 26, f"the time of `{peer}` over tdc's: above 1, tdc is faster", "bold", "start")
    for panel, op in enumerate(("encode", "decode")):
        top = 64 + panel * (height + 62)

        def level(ratio: float, top: float = top) -> float:
            return top + height * (1 - (log2(ratio) + 1) / (highest + 1))

        body += text(20, top - 14, op, "bold", "start")
        for power in range(-1, highest + 1):
            name = "½" if power < 0 else str(2**power)
            body += line("axis" if power == 0 else "grid", level(2.0**power), left, right)
            body += text(left - 8, level(2.0**power) + 4, name, "small", "end")
        group = (right - left) / len(present)
        for at, language in enumerate(present):
            for size, ratio in enumerate(by_language[language][op]):
                x = left + at * group + group / 2 + (size - 2.5) * 20
                low, high = sorted((level(ratio), level(1)))
                says = f"{NAMES[language]}, {op}, {SIZE_NAMES[size]}: {ratio}"
                body += rectangle(x, low, 18, max(high - low, 0.5), COLOURS[size], says)
            body += text(left + at * group + group / 2, top + height + 18, NAMES[language])
    end = 64 + 2 * (height + 62)
    body += "".join(legend(end - 8, zip(COLOURS, SIZE_NAMES, strict=True)))
    return svg(f"The time of the peer {peer} over tdc's, by language and size of the payload", end + 10, body)


def server(rows: list[dict[str, int]]) -> str:
    """A bar for each server and load."""
    colours = dict(zip(SERVERS, ("#0b3c6f", "#7f8b97", "#c3a34a"), strict=True))
    left, right, top, height = 70, 740, 60, 190
    step = 10_000
    highest = max(row[name] for row in rows for name in SERVERS if name in row) // step * step + step
    body = text(20, 26, "the codec server: POST /decode, requests a second", "bold", "start")
    for mark in range(0, highest + 1, step):
        y = top + height * (1 - mark / highest)
        body += line("grid" if mark else "axis", y, left, right) + text(left - 8, y + 4, f"{mark:,}", "small", "end")
    group = (right - left) / len(rows)
    for at, row in enumerate(rows):
        middle = left + at * group + group / 2
        for which, name in enumerate(SERVERS):
            if name in row:
                tall = height * row[name] / highest
                says = f"{SERVERS[name]}: {row[name]:,}"
                body += rectangle(middle + (which - 1.5) * 28, top + height - tall, 26, tall, colours[name], says)
        body += text(middle, top + height + 18, f"{row['connections']} connection{'s' if row['connections'] > 1 else ''}")
        body += text(middle, top + height + 33, f"{row['payloads']} payload{'s' if row['payloads'] > 1 else ''}", "small")
    body += "".join(legend(top + height + 62, ((colours[name], SERVERS[name]) for name in SERVERS)))
    return svg("Requests a second of three codec servers, by connections and payloads", top + height + 80, body)


def charts(figures: Figures) -> dict[Path, str]:
    """Every chart."""
    drawn = {FOLDER / f"{peer}.svg": ratios(peer, figures["ratios"][peer]) for peer in ("sample", "tuned")}
    return drawn | {FOLDER / "server.svg": server(figures["server"])}


def main() -> int:
    """Draw, or compare."""
    arguments = sys.argv[1:]
    tables = of_tables(PAGE.read_text(encoding="utf-8"))
    if arguments == ["--check"]:
        figures = json.loads(SUMMARY.read_text(encoding="utf-8"))
        stale = [path for path, drawn in charts(figures).items() if path.read_text(encoding="utf-8") != drawn]
        if figures != tables:
            stale.append(SUMMARY)
        if stale:
            print(f"{', '.join(map(str, stale))}: not what {PAGE} says: python3 scripts/charts.py --from-tables", file=sys.stderr)
        return min(len(stale), 1)
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    figures = tables if arguments == ["--from-tables"] else of_results(arguments)
    FOLDER.mkdir(exist_ok=True)
    SUMMARY.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for path, drawn in charts(figures).items():
        path.write_text(drawn, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
