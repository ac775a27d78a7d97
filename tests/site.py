#!/usr/bin/python3 -B
"""The pages of the book in a browser, headless: what a reader with a small window, a keyboard, dark paper or no script finds.

    site.py --list        names of the cases; `build` renders the pages that the others look at
    site.py CASE FOLDER   judges the pages below FOLDER
"""

import functools
import http.server
import os
import re
import subprocess
import sys
import threading

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from program import HOME, PROGRAM

WIDTHS, HEIGHT, HEAVY = (375, 768, 1440), 900, 300_000
KINDS = ("cube", "noise", "steps", "ledger")  # of figures that can be touched


class Browser:
    """Chromium, through its driver."""

    def __init__(self, folder):
        self.folder = folder
        options = Options()
        options.binary_location = next(path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome") if os.path.exists(path))
        for word in ("--headless=new", "--disable-gpu", "--hide-scrollbars") + (("--no-sandbox",) if os.geteuid() == 0 else ()):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def as_seen(self, width=1440, scheme="light", script=True):
        command = self.driver.execute_cdp_cmd
        command("Emulation.setDeviceMetricsOverride", {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False})
        command("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        command("Emulation.setScriptExecutionDisabled", {"value": not script})

    def open(self, page):
        self.driver.get("file://" + os.path.join(self.folder, page))

    def ask(self, script, *given):
        return self.driver.execute_script(script, *given)

    def complaints(self):
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def press(self, key, code):
        for kind in ("keyDown", "keyUp"):
            self.driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code})


def touching(folder, kind):
    """The first chapter that has a figure of this kind; one is missed by name."""
    for page in pages(folder):
        with open(os.path.join(folder, page), encoding="utf-8") as file:
            if page.startswith("notes/") and f'data-touch="{kind}"' in file.read():
                return page
    raise SystemExit(f"no chapter has the figure {kind}")


def sample(folder):
    """Pages of every sort, for what takes a while."""
    notes = [page for page in pages(folder) if re.match(r"notes/\d\d-", page)]
    largest = max(notes, key=lambda page: os.path.getsize(os.path.join(folder, page)))
    return list(dict.fromkeys(["index.html", "contents.html", "ledger.html", *(touching(folder, kind) for kind in KINDS), notes[1], largest, notes[-1],
                               "data/batch-size.html", "data/checking.html", "data/index.html", "src/norm/kernel.c.html", "src/index.html"]))


def pages(folder):
    return sorted(os.path.relpath(os.path.join(where, name), folder) for where, _, names in os.walk(folder) for name in names if name.endswith(".html"))


# What a page has that is too wide, empty, or not drawn. Text in a box that scrolls may be as wide as it likes.
LOOK = r"""
const found = [], width = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth > width) {
  const wide = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest('.scroll, pre, svg, .skip'));
  found.push('scrolls to the right: ' + document.documentElement.scrollWidth + ' of ' + width + ' by ' + wide.slice(0, 3).map(e => e.tagName + '.' + e.className).join(' '));
}
for (const image of document.images)
  if (image.complete && !image.naturalWidth && image.loading !== 'lazy') found.push('no image: ' + image.src);
for (const math of document.querySelectorAll('math')) {
  const box = math.getBoundingClientRect();
  if (math.closest('details:not([open])')) continue;
  if (box.height < 5 || box.width < 2) found.push('mathematics without a size: ' + math.textContent);
}
for (const fraction of document.querySelectorAll('mfrac')) {
  const [above, below] = [...fraction.children].map(e => e.getBoundingClientRect());
  if (!fraction.closest('details:not([open])') && above.bottom > below.top + 1) found.push('a fraction in one line: ' + fraction.textContent);
}
for (const letter of document.querySelectorAll('mi, mn, msqrt'))
  if (letter.textContent.trim() && !letter.closest('details:not([open])') && letter.getBoundingClientRect().width === 0) { found.push('not drawn: ' + letter.textContent); break; }
if (/\$\$|\\(frac|sum|tag|sqrt)\b/.test([...document.querySelectorAll('article p, article li, article td')].map(e => e.innerText).join(' '))) found.push('TeX in the text');
for (const box of document.querySelectorAll('.touch')) if (box.hidden || box.children.length < 2) found.push('a figure to be touched is not there');
if (!document.querySelector('h1')) found.push('no title');
return found;
"""


def loads(browser):
    """Every page at three widths: nothing on the console, nothing wider than the window, mathematics that has been set."""
    for width in WIDTHS:
        browser.as_seen(width)
        for page in pages(browser.folder):
            browser.open(page)
            for fault in browser.complaints() + browser.ask(LOOK):
                yield f"{page} at {width}: {fault}"


# Colours as the eye has them: what is behind a text is the nearest background that is not transparent, mixed with what is below.
CONTRAST = r"""
const parse = (text) => {
  let m = text.match(/^rgba?\(([^)]*)\)/);
  if (m) { const v = m[1].split(/[ ,\/]+/).map(Number); return [v[0], v[1], v[2], v[3] === undefined ? 1 : v[3]]; }
  m = text.match(/^color\(srgb ([^)]*)\)/);
  if (m) { const v = m[1].split(/[ \/]+/).map(Number); return [v[0] * 255, v[1] * 255, v[2] * 255, v[3] === undefined ? 1 : v[3]]; }
  return null;
};
const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
const behind = (e) => {
  const layers = [];
  for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c && c[3] > 0) { layers.push(c); if (c[3] === 1) break; } }
  return layers.reverse().reduce((below, c) => over(c, below), [255, 255, 255, 1]);
};
const light = (c) => { const [r, g, b] = c.slice(0, 3).map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const found = new Map();
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let count = 0;
while (walker.nextNode()) {
  const e = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || e.closest('script, style, [hidden], .skip, :disabled') || !e.getClientRects().length) continue;
  const style = getComputedStyle(e);
  if (style.visibility !== 'visible' || +style.opacity === 0) continue;
  const back = behind(e), ink = parse(e.closest('svg') ? style.fill : style.color);
  if (!ink) { found.set('colour ' + style.color, e.className); continue; }
  const a = light(over(ink, back)), b = light(back), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700);
  count++;
  if (ratio < (large ? 3 : 4.5)) found.set(e.tagName.toLowerCase() + '.' + (e.getAttribute('class') || '') + ' ' + style.color + ' on ' + back.map(Math.round), ratio.toFixed(2));
}
return [count, [...found].slice(0, 5)];
"""


def contrast(browser):
    """Text against what is behind it, in both schemes, as chosen by the system and by the switch."""
    for scheme in ("light", "dark"):
        for page in sample(browser.folder):
            browser.as_seen(1440, scheme)
            browser.open(page)
            for chosen in ("", "dark" if scheme == "light" else "light"):
                browser.ask("if (arguments[0]) document.documentElement.dataset.scheme = arguments[0]", chosen)
                count, found = browser.ask(CONTRAST)
                if count < 20:
                    yield f"{page}: {count} texts"
                for where, ratio in found:
                    yield f"{page}, {scheme}{' turned to ' + chosen if chosen else ''}: {where}: {ratio}"


REACHABLE = r"""
window.reached = new Set();
const all = [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')].filter(e => e.getClientRects().length && !e.disabled && !e.closest('[hidden], details:not([open]) > :not(summary)') &&
  !(e.type === 'radio' && !e.checked) && getComputedStyle(e).visibility === 'visible');
all.forEach((e, i) => { e.dataset.reach = i; });
document.activeElement.blur();
return all.length;
"""


def keyboard(browser):
    """Tab comes to everything that does something, and what has the focus is seen; the first stop skips to the text."""
    for width in (375, 1440):
        browser.as_seen(width)
        for page in sample(browser.folder):
            browser.open(page)
            count, seen = browser.ask(REACHABLE), set()
            for each in browser.ask("return [...document.querySelectorAll('pre, .scroll, .long')].filter(e => e.scrollWidth > e.clientWidth + 1 && e.tabIndex !== 0).map(e => e.outerHTML.slice(0, 120))"):
                yield f"{page} at {width}: a box that scrolls for a mouse alone: {each}"
            for step in range(count + 12):
                browser.press("Tab", 9)
                at, name, outline = browser.ask("const e = document.activeElement, s = getComputedStyle(e); return [e.dataset.reach, e.className, s.outlineStyle !== 'none' || e.matches('.skip')]")
                if step == 0 and name != "skip":
                    yield f"{page} at {width}: the first stop is {name!r}"
                if at is not None:
                    seen.add(int(at))
                    if not outline:
                        yield f"{page} at {width}: no outline on {name!r}"
            for lost in sorted(set(range(count)) - seen)[:3]:
                yield f"{page} at {width}: never at " + browser.ask("return document.querySelector('[data-reach=\"' + arguments[0] + '\"]').outerHTML.slice(0, 120)", lost)


def touched(browser):
    """Figures that can be touched do something; the scheme, the drawer and the search, too."""
    browser.as_seen(1440)
    acts = {"cube": "b.querySelector('input[type=range]').value = 3", "noise": "b.querySelector('input[type=range]').value = 6",
            "steps": "b.querySelector('input[type=range]').value = 3", "ledger": "b.querySelector('input[type=checkbox]').click()"}
    for page, kind, act in [(touching(browser.folder, kind), kind, acts[kind]) for kind in KINDS] + [("ledger.html", "filter", "b.querySelector('input[type=search]').value = 'L05'")]:
        browser.open(page)
        before, after = browser.ask(f"const b = document.querySelector('.touch[data-touch={kind}]'); if (!b) return ['none', 'none']; const says = () => b.querySelector('.says').textContent; "
                                    f"const first = says(); {act}; b.querySelector('input[type=range], input[type=search]').dispatchEvent(new Event('input')); return [first, says()]")
        if before == after:
            yield f"{page}: {kind} says {after!r} before and after"
    browser.open("index.html")
    browser.ask("const i = document.querySelector('.search input'); i.focus(); i.value = 'finite differences'; i.dispatchEvent(new Event('input'))")
    for _ in range(100):
        found = browser.ask("return [...document.querySelectorAll('.found a')].map(a => a.getAttribute('href'))")
        if found:
            break
    if not any("15-checking" in each for each in found):
        yield f"search: {found}"
    before = browser.ask("return getComputedStyle(document.body).backgroundColor")
    after = browser.ask("const b = document.querySelector('.scheme'); b.click(); b.click(); return getComputedStyle(document.body).backgroundColor")
    if before == after:
        yield f"the switch leaves the paper {after}"
    browser.as_seen(375)
    browser.open("notes/11-partitions.html")
    shown = browser.ask("const n = document.querySelector('nav.book'), m = document.querySelector('.menu'), was = n.getClientRects().length; m.click(); return [was, n.getClientRects().length, document.activeElement.getAttribute('aria-current')]")
    if shown != [0, 1, "page"]:
        yield f"the drawer: {shown}"


def without_script(browser):
    """With script off all text is there, and the contents in place of what needs one."""
    browser.as_seen(375)
    texts = {}
    for page in sample(browser.folder):
        browser.open(page)
        texts[page] = browser.ask("document.querySelectorAll('.touch, .tag, details:not([open]) > :not(summary)').forEach(e => e.remove()); return document.querySelector('article').textContent.replace(/\\s+/g, ' ').trim()")
    browser.as_seen(375, script=False)
    for page in sample(browser.folder):
        browser.open(page)
        snap = browser.driver.execute_cdp_cmd("DOMSnapshot.captureSnapshot", {"computedStyles": ["display"]})
        texts_shown = [snap["strings"][i] for i in snap["documents"][0]["layout"]["text"] if i >= 0]
        shown = "".join(texts_shown)
        if len(re.sub(r"\s", "", shown)) < len(re.sub(r"\s", "", texts[page])):
            yield f"{page}: {len(shown)} of {len(texts[page])} characters are shown without script"
        if "Contents" not in shown:
            yield f"{page}: no way to the contents"
        if any(each.strip() in ("Auto", "Scheme") for each in texts_shown):
            yield f"{page}: a button that does nothing"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves the pages, and keeps what was asked for."""

    asked = []

    def log_message(self, *_):
        self.asked.append(self.path)


def weight(browser):
    """All that the first page fetches, from a server on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=browser.folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    browser.as_seen(1440)
    for page in ("index.html", "notes/11-partitions.html", "contents.html"):
        Quiet.asked.clear()
        browser.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
        browser.driver.get(f"http://127.0.0.1:{server.server_port}/{page}")
        names = browser.ask("return document.fonts.ready.then(() => performance.getEntriesByType('resource').map(e => e.name))")
        files = {page} | {re.sub(r"[?#].*", "", each)[1:] for each in Quiet.asked}
        total = sum(os.path.getsize(os.path.join(browser.folder, each)) for each in files)
        print(f"{page}: {total / 1000:.0f} kB in {len(files)} files")
        if len(files) < 6 or any(not name.startswith("http://127.0.0.1") for name in names):
            yield f"{page} fetches {sorted(names)}"
        if total > HEAVY:
            yield f"{page}: {total} bytes, at most {HEAVY}: " + ", ".join(f"{each} {os.path.getsize(os.path.join(browser.folder, each))}" for each in sorted(files))
    server.shutdown()


def build(folder):
    """The pages."""
    done = subprocess.run([os.path.join(HOME, "site", "build.py"), "--out", folder], capture_output=True, text=True, check=False, env={**os.environ, "NORMLAB_PROGRAM": PROGRAM})
    if done.returncode:
        yield done.stderr


CASES = {"loads": loads, "contrast": contrast, "keyboard": keyboard, "touched": touched, "without_script": without_script, "weight": weight}

if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(["build", *CASES]))
        sys.exit(0)
    name, where = sys.argv[1], os.path.abspath(sys.argv[2])
    if name == "build":
        faults = list(build(where))
    else:
        with Browser(where) as opened:
            faults = list(CASES[name](opened))
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
