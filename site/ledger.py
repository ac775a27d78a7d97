"""The ledger: every registered claim, its contrasts and what they came to, as a page and as data for a figure."""

import html
import json
import os
import subprocess

from filters import relative

VERDICTS = ("supported", "contradicted", "equivalent", "undecided", "not tested")


class Ledger:
    """What `normlab claims --json` says."""

    def __init__(self, home, program):
        done = subprocess.run([program, "claims", "--json"], capture_output=True, text=True, check=False, cwd=home,
                              env={**os.environ, "NORMLAB_HOME": home, "LC_ALL": "C.UTF-8"})
        if not done.stdout.lstrip().startswith("["):
            raise SystemExit(f"normlab: claims: {done.stderr.strip()}")
        self.contrasts = json.loads(done.stdout)
        for each in self.contrasts:
            each["study"] = "data/" + os.path.basename(each["study"]) if each.get("study") else ""

    @property
    def claims(self):
        return list(dict.fromkeys(each["id"] for each in self.contrasts))

    def data(self):
        """For the figure: id, statement, verdict, estimate, interval, margin, published; lengths in margins."""
        return [[each["id"], each["statement"], each["verdict"], each["contrast"], *(self.margins(each, key) for key in
                 ("estimate", "low", "high", "published"))] for each in self.contrasts]

    @staticmethod
    def margins(each, key):
        value, margin = each.get(key), each.get("margin")
        if value is None or not margin or each["type"] in ("ratio", "value"):
            return None
        return round(value / margin, 3)

    def page(self, links):
        """A table that reads without script; with it, it can be filtered."""
        count = {name: sum(each["verdict"] == name for each in self.contrasts) for name in VERDICTS}
        said = ", ".join(f"{number} {name}" for name, number in count.items() if number)
        rows, seen = [], set()
        for each in self.contrasts:
            first = each["id"] not in seen
            seen.add(each["id"])
            rows.append(self.row(each, first, links))
        return (f'<h1>All claims</h1><p class="lead">Every claim was registered before the seeds ran that decide it. '
                f'{len(seen)} claims make {len(rows)} contrasts: {said}.</p>'
                f'<div class="touch" data-touch="filter" hidden></div>'
                f'<div class="scroll table"><table class="ledger"><thead><tr><th>claim</th><th>contrast</th><th>estimate</th>'
                f'<th>interval</th><th>published</th><th>verdict</th></tr></thead><tbody>{"".join(rows)}</tbody></table></div>')

    def row(self, each, first, links):
        def number(key):
            return "" if each.get(key) is None else f"{each[key]:+.2f}".replace("-", "−")

        study = ""
        if each["study"] and os.path.exists(os.path.join(links.book.home, each["study"])):
            links.studies.add(each["study"])
            study = f' <a href="{relative(each["study"][:-3] + ".html", "ledger.html")}">data</a>'
        name = f' id="{each["id"]}"' if first else ""
        words = f'<b>{each["id"]}</b> {html.escape(each["statement"])}' if first else f'<span class="again">{each["id"]}</span>'
        interval = f'{number("low")} to {number("high")}' if each.get("low") is not None else ""
        kind = each["verdict"].replace(" ", "-")
        why = f'<span class="why">{html.escape(each["why"])}</span>' if each["why"] else ""
        return (f'<tr{name} data-verdict="{kind}" data-claim="{each["id"]}"><td class="claim">{words}</td><td><code>{html.escape(each["contrast"])}</code>{study}</td>'
                f'<td>{number("estimate")}</td><td class="interval">{interval}</td><td>{number("published")}</td>'
                f'<td><span class="verdict {kind}">{each["verdict"]}</span>{why}</td></tr>')
