"""Whether every link of the site leads to something."""

import os
import re
from html.parser import HTMLParser
from urllib.parse import unquote


class Look(HTMLParser):
    """What a page has: ids, and what it points to."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.ids, self.targets, self.twice = set(), [], []

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        if said.get("id"):
            if said["id"] in self.ids:
                self.twice.append(said["id"])
            self.ids.add(said["id"])
        for key in ("href", "src"):
            if key in said and not re.match(r"[a-z]+:", said[key] or ""):
                self.targets.append(said[key] or "")


def faults(folder):
    """Lines that say which links lead nowhere, and which ids a page has twice."""
    pages = {}
    for where, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".html"):
                path = os.path.join(where, name)
                look = Look()
                with open(path, encoding="utf-8") as file:
                    look.feed(file.read())
                pages[os.path.normpath(path)] = look
    for path, look in sorted(pages.items()):
        shown = os.path.relpath(path, folder)
        for name in look.twice:
            yield f"{shown}: two places named {name}"
        for target in dict.fromkeys(look.targets):
            file, _, name = target.partition("#")
            there = os.path.normpath(os.path.join(os.path.dirname(path), unquote(file))) if file else path
            if not os.path.exists(there):
                yield f"{shown}: nothing at {target}"
            elif name and there in pages and unquote(name) not in pages[there].ids:
                yield f"{shown}: no place {target}"
