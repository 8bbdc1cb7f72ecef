"""What `paceline bench` prints of its documents."""

from collections.abc import Mapping
from typing import Any

RECOMMEND_HEADINGS = ("in flight", "server", "requests/s", "p50 ms", "p99 ms", "of echo", "of naive")
PEERS_HEADINGS = (
    "rows",
    "in flight",
    "server",
    "requests/s",
    "least",
    "greatest",
    "p50 ms",
    "p99 ms",
    "of best peer",
)
MATERIALIZE_HEADINGS = ("rows", "", "rows/s", "least to greatest", "paceline is", "least to greatest")
TRAIN_HEADINGS = ("", "rows/s", "least to greatest", "best AUC", "paceline is")
TROUBLE_HEADINGS = (
    "model",
    "Redis",
    "requests",
    "failed",
    "p50 ms",
    "p99 ms",
    "over well",
    "worst of 1st s",
)
RELOAD_HEADINGS = ("", "p50 ms", "p99 ms", "p99 ms, least", "p99 ms, greatest")


def train_rows(document: Mapping[str, Any]) -> list[list[object]]:
    """Returns a row for each of the sides of a training."""
    rows: list[list[object]] = []
    for name, side in document["sides"].items():
        rate, ratio = side["rows_per_second"], document["paceline_to"].get(name, {})
        spread = f"{rate['least']:,.0f} to {rate['greatest']:,.0f}"
        rows.append([name, f"{rate['median']:,.0f}", spread, side.get("best_auc", ""), ratio.get("median", "")])
    return rows


def peers_rows(document: Mapping[str, Any]) -> list[list[object]]:
    """Returns a row for each of the servers that answered Predict."""
    return [
        [
            result["rows"],
            result["in_flight"],
            name,
            row["requests_per_second"],
            *row["requests_per_second_range"],
            row["p50_ms"],
            row["p99_ms"],
            row["times_best_peer"]["median"],
        ]
        for result in document["results"]
        for name, row in result["servers"].items()
    ]


def recommend_rows(document: Mapping[str, Any]) -> list[list[object]]:
    """Returns a row for each of the servers that ranked."""
    figures, ratios = ("requests_per_second", "p50_ms", "p99_ms"), ("share_of_echo", "times_naive")
    return [
        [
            result["in_flight"],
            name,
            *(row[key] for key in figures),
            *(row[key]["median"] if key in row else "" for key in ratios),
        ]
        for result in document["results"]
        for name, row in result["servers"].items()
    ]


def half_lines(document: Mapping[str, Any]) -> list[str]:
    """Returns the latencies at half of what the servers can answer, in words."""
    return [
        f"{name} at {row['requests_per_second']:g} requests/s, half of its most: p50 {row['p50_ms']:g} ms, p99"
        f" {row['p99_ms']:g} ms, {row['p99_times_p50']['median']:g} times that"
        for name, row in document["at_half"].items()
    ]


def materialize_rows(document: Mapping[str, Any]) -> list[list[object]]:
    """Returns a row for each thing that wrote, of a part of the rows and of all."""
    rows: list[list[object]] = []
    for found in (document["parts"], document["whole"]):
        for name, rate in found["rows_per_second"].items():
            count = found["feast_rows" if name == "feast" else "rows"]
            ratio = found["paceline_to"].get(name)
            times = (ratio["median"], f"{ratio['least']:g} to {ratio['greatest']:g}") if ratio else ("", "")
            spread = f"{rate['least']:,.0f} to {rate['greatest']:,.0f}"
            rows.append([f"{count:,}", name, f"{rate['median']:,.0f}", spread, *times])
    return rows


def latency_row(found: Mapping[str, Any]) -> list[object]:
    """Returns the latencies of a reload or of the time between two."""
    return [found["p50_ms"], found["p99_ms"], *found["p99_ms_range"]]


def reload_lines(document: Mapping[str, Any]) -> list[str]:
    """Returns what a reload cost, in words."""
    ratios = document["p99_ratio_of_rounds"]
    return [
        f"{document['requests']} requests, {document['failed_requests']} failed; {document['reloads']} reloads of"
        f" {document['reload_seconds']:g} s each",
        f"p99 during a reload is {document['p99_ratio']:g} times the steady one"
        f" (rounds: {min(ratios):g} to {max(ratios):g})",
        f"memory grew by {document['server_growth_mib']:g} MiB in the server and"
        f" {document['children_growth_mib']:g} MiB in its runners",
    ]


def trouble_rows(document: Mapping[str, Any]) -> list[list[object]]:
    """Returns a row for each model, told with its first, and what Redis did."""
    figures = ("requests", "failed", "p50_ms", "p99_ms", "p99_ms_over_well", "worst_ms_of_first_second")
    return [
        ["" if place else kind, name, *(row[figure] for figure in figures)]
        for kind, rows in document["results"].items()
        for place, (name, row) in enumerate(rows.items())
    ]


def trouble_lines(document: Mapping[str, Any]) -> list[str]:
    """Returns what answered, for each model and what Redis did."""
    return [
        f"{kind}, {name}: {', '.join(f'{count} {outcome}' for outcome, count in sorted(row['outcomes'].items()))}"
        for kind, rows in document["results"].items()
        for name, row in rows.items()
    ]
