"""The book as one PDF: its chapters in one page, printed by Chromium, once to see where chapters fall and again with their
pages in the contents."""

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import fonts
from book import PARTS, html
from filters import Weaver, escape

HERE = os.path.dirname(os.path.abspath(__file__))
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def render(home, out, program, site_of):
    """Writes `out`, says how many pages it has."""
    os.makedirs(os.path.dirname(os.path.abspath(out)), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="normlab-book.") as folder:
        site = site_of(home, folder, program)
        for name in ("figures", "data"):
            os.symlink(os.path.join(home, name), os.path.join(folder, name))
        body = chapters(site)
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        pages = {}
        for attempt in ("to see where chapters fall", "with their pages"):
            whole = book(site, body, pages, version)
            fonts.write(os.path.join(folder, "fonts"), letters(whole))
            with open(os.path.join(folder, "book.html"), "w", encoding="utf-8") as file:
                file.write(whole)
            printed(folder, out, attempt)
            with open(out, "rb") as file:
                places, count = destinations(file.read())
            if places == pages:
                break
            pages = places
        lost = [page.slug for page in site.book.chapters if page.slug not in pages]
    for each in lost + site.links.broken:
        print(f"normlab: not in the PDF: {each}", file=sys.stderr)
    print(f"{count} pages: {out}")
    return 1 if lost or site.links.broken else 0


def chapters(site):
    """The HTML of each chapter, all ids its own."""
    def one(page):
        weaver = Weaver(site.links, page, site.figures, printed=True)
        return html(weaver.blocks(page.blocks), page.path)

    with ThreadPoolExecutor(2) as pool:
        return list(zip(site.book.chapters, pool.map(one, site.book.chapters)))


def letters(text):
    seen = set(re.sub(r"<[^>]*>", "", text))
    for math in re.findall(r"<math.*?</math>", text, re.S):
        seen.update(fonts.italic(letter) for letter in re.findall(r"<mi>(.)</mi>", math))
    return seen


def book(site, body, pages, version):
    """The whole: title, contents, parts and chapters."""
    with open(os.path.join(HERE, "print.css"), encoding="utf-8") as file:
        style = file.read()
    heads = "\n".join(f'@page p{part[1]} {{ @top-left {{ content: "Part {part[1]}: {part[2]}" }} }}\n.p{part[1]} {{ page: p{part[1]} }}' for part in PARTS)
    made = [f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>normlab: does it hold?</title><style>{style}\n{heads}</style></head><body>',
            '<section class="title"><h1>normlab</h1><p class="sub">Does it hold? A testbed for Group Normalization and its relatives</p>'
            f'<p class="edition">{escape(version)}</p></section>',
            f'<section class="contents"><h1 id="contents">Contents</h1>{contents(site, pages)}</section>']
    part = None
    for page, text in body:
        if page.part != part:
            made.append(("</section>" if part else "") + f'<section class="part p{page.part[1]}"><h1 class="part" id="part-{page.part[1]}"><span>Part {page.part[1]}</span> {page.part[2]}</h1>')
            part = page.part
        text = re.sub(r"<p>(You will be able to)", r'<p class="promise">\1', text, 1)
        text = re.sub(r'^(<h1.*?</h1>\s*(?:<p class="promise">.*?</p>\s*)?(?:<figure class="drawing">.*?</figure>)?)', r'<div class="keep">\1</div>', text, 1, re.S)
        made.append(f'<section class="chapter {page.slug.lstrip("0123456789-")}">{text}</section>')
    return "\n".join(made) + "</section></body></html>"


def contents(site, pages):
    made = []
    for part in PARTS:
        held = [page for page in site.book.chapters if page.part == part]
        if not held:
            continue
        lines = [f'<li class="part"><a href="#part-{part[1]}">{part[1]}. {part[2]}</a></li>']
        for page in held:
            where = pages.get(page.slug, "000")
            lines.append(f'<li><a href="#{page.slug}"><span class="count">{page.number or ""}</span><span class="name">{escape(page.title)}</span>'
                         f'<span class="dots"></span><span class="page">{where}</span></a></li>')
        made.append(f"<ol>{''.join(lines)}</ol>")
    return "".join(made)


def printed(folder, out, attempt):
    """Chromium's print of book.html; what it says is shown where it fails."""
    browser = next((each for each in BROWSERS if any(os.access(os.path.join(d, each), os.X_OK) for d in os.environ["PATH"].split(":"))), None)
    if not browser:
        raise SystemExit("normlab: chromium is missing: not found in PATH")
    options = ["--headless", "--disable-gpu", "--no-pdf-header-footer", "--generate-pdf-document-outline", "--allow-file-access-from-files", "--disable-background-networking",
               f"--user-data-dir={os.path.join(folder, 'profile')}", f"--print-to-pdf={os.path.abspath(out)}"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium has none for root
    if os.path.exists(out):
        os.remove(out)
    done = subprocess.run([browser, *options, "file://" + os.path.join(folder, "book.html")], capture_output=True, text=True, check=False, timeout=600)
    if done.returncode or not os.path.exists(out):
        raise SystemExit(f"normlab: {browser} printed nothing ({attempt}): {done.stderr.strip()[-400:]}")


def destinations(data):
    """Of a PDF by Chromium the page of each place that is linked to, counted from 1, and how many pages there are."""
    objects = {int(m[1]): m[2] for m in re.finditer(rb"(?m)^(\d+) 0 obj\s*(.*?)\s*endobj", data, re.S)}
    root = int(re.search(rb"/Root (\d+) 0 R", data)[1])
    order = []

    def kids(number):
        text = objects[number]
        if re.search(rb"/Type\s*/Pages\b", text):
            for each in re.findall(rb"(\d+) 0 R", re.search(rb"/Kids\s*\[(.*?)\]", text, re.S)[1]):
                kids(int(each))
        else:
            order.append(number)

    kids(int(re.search(rb"/Pages (\d+) 0 R", objects[root])[1]))
    named = re.search(rb"/Dests (\d+) 0 R", objects[root])
    places = {}
    if named:
        for name, page in re.findall(rb"/([^\s\[\]]+)\s*\[(\d+) 0 R", objects[int(named[1])]):
            places[re.sub(rb"#([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), name).decode()] = order.index(int(page)) + 1
    return places, len(order)
