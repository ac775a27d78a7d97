// What the pages do beyond being read: the scheme, the list of pages where there is no room for it, the search, and boxes
// that scroll for whoever has no mouse. Without it all text is there, and the contents in place of the search.
(() => {
  'use strict';
  const root = document.currentScript ? document.currentScript.dataset.root : document.querySelector('script[data-root]').dataset.root;
  const one = (selector, from) => (from || document).querySelector(selector);
  const all = (selector, from) => [...(from || document).querySelectorAll(selector)];

  // --- light, dark, or as the system has it
  const button = one('.scheme');
  const schemes = ['', 'light', 'dark'];
  const shown = () => document.documentElement.dataset.scheme || '';
  const say = () => {
    const words = { '': 'Auto', light: 'Light', dark: 'Dark' }[shown()];
    one('span', button).textContent = words;
    button.setAttribute('aria-label', 'Colour scheme: ' + words.toLowerCase() + '; press for the next');
  };
  button.addEventListener('click', () => {
    const next = schemes[(schemes.indexOf(shown()) + 1) % schemes.length];
    if (next) document.documentElement.dataset.scheme = next;
    else delete document.documentElement.dataset.scheme;
    try { if (next) localStorage.setItem('scheme', next); else localStorage.removeItem('scheme'); } catch (e) { /* private */ }
    say();
  });
  say();

  // --- the list of pages, as a drawer
  const menu = one('.menu'), book = one('nav.book');
  const close = () => { book.classList.remove('open'); menu.setAttribute('aria-expanded', 'false'); };
  menu.setAttribute('role', 'button');
  menu.setAttribute('aria-controls', 'book');
  menu.setAttribute('aria-expanded', 'false');
  const toggle = (event) => {
    event.preventDefault();
    const open = book.classList.toggle('open');
    menu.setAttribute('aria-expanded', String(open));
    if (open) (one('[aria-current]', book) || one('a', book)).focus();
  };
  menu.addEventListener('click', toggle);
  menu.addEventListener('keydown', (event) => { if (event.key === ' ') toggle(event); });
  document.addEventListener('click', (event) => {
    if (book.classList.contains('open') && !book.contains(event.target) && !menu.contains(event.target)) close();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && book.classList.contains('open')) { close(); menu.focus(); }
  });
  const here = one('[aria-current]', book);
  if (here && book.scrollHeight > book.clientHeight) book.scrollTop = here.offsetTop - book.clientHeight / 2;

  // --- the contents of the page: closed where it stands above the text, and it shows where one is
  const toc = one('.toc');
  if (toc) {
    const wide = matchMedia('(min-width: 84rem)');
    const fit = () => { toc.open = wide.matches; };
    wide.addEventListener('change', fit);
    fit();
    const links = new Map(all('a', toc).map((a) => [decodeURIComponent(a.hash.slice(1)), a]));
    const heads = all('article h2, article h3').filter((h) => links.has(h.id));
    const look = () => {
      const now = heads.filter((h) => h.getBoundingClientRect().top < 140).pop();
      links.forEach((a, id) => a.classList.toggle('now', !!now && now.id === id));
    };
    addEventListener('scroll', look, { passive: true });
    look();
  }

  // --- what scrolls is reached by the keyboard
  const reach = () => all('pre, .scroll, .long').forEach((box) => {
    const more = box.scrollWidth > box.clientWidth + 1 || (box.scrollHeight > box.clientHeight + 1 && box.classList.contains('tall'));
    if (more) {
      box.tabIndex = 0;
      box.setAttribute('role', 'region');
      box.setAttribute('aria-label', box.matches('pre') ? 'code, scrolls' : box.matches('.table') ? 'table, scrolls' : 'scrolls');
    } else if (box.hasAttribute('tabindex')) {
      ['tabindex', 'role', 'aria-label'].forEach((name) => box.removeAttribute(name));
    }
  });
  addEventListener('load', reach);
  addEventListener('resize', reach);
  document.addEventListener('toggle', reach, true);
  reach();

  // --- search: the index is a script, fetched when somebody asks (a page from a disk may fetch nothing else)
  const form = one('.search'), input = one('input', form), found = one('.found', form);
  let index = null, asked = false;
  const fetchIndex = () => {
    if (asked) return;
    asked = true;
    const script = document.createElement('script');
    script.src = root + 'search.js';
    script.onload = () => { index = window.normlabSearch; look(); };
    document.head.append(script);
  };
  const fold = (text) => text.toLowerCase().normalize('NFD').replace(/[\u0300-\u036f]/g, '');
  const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }[c]));
  const score = (entry, words) => {
    let sum = 0;
    for (const word of words) {
      const inTitle = fold(entry[1]).indexOf(word), inPage = fold(entry[0]).indexOf(word), inText = entry[4].indexOf(word);
      if (inTitle < 0 && inText < 0 && inPage < 0) return 0;
      sum += (inTitle === 0 ? 12 : inTitle > 0 ? 8 : 0) + (inPage >= 0 ? 3 : 0) + (inText >= 0 ? 1 + Math.min(3, entry[4].split(word).length - 1) : 0);
    }
    return sum;
  };
  const snippet = (text, folded, words) => {
    const at = Math.max(0, Math.min(...words.map((w) => folded.indexOf(w)).filter((i) => i >= 0), text.length) - 50);
    let part = escape((at ? '… ' : '') + text.slice(at, at + 170) + (text.length > at + 170 ? ' …' : ''));
    words.forEach((w) => { part = part.replace(new RegExp(w.replace(/[.*+?^${}()|[\]\\&<>"]/g, '\\$&'), 'ig'), (m) => '\u0001' + m + '\u0002'); });
    return part.replace(/\u0001+/g, '<mark>').replace(/\u0002+/g, '</mark>');
  };
  const look = () => {
    const words = fold(input.value).split(/\s+/).filter((w) => w.length > 1);
    if (!words.length) { found.hidden = true; return; }
    found.hidden = false;
    if (!index) { found.innerHTML = '<p>Fetching the index…</p>'; return; }
    index.forEach((e) => { if (e.length < 5) e.push(fold(e[3])); });
    const best = index.map((e) => [score(e, words), e]).filter((e) => e[0] > 0).sort((a, b) => b[0] - a[0]).slice(0, 12);
    found.innerHTML = best.length ? best.map(([, e]) => '<a href="' + root + escape(e[2]) + '"><b>' + escape(e[1]) + '</b>' +
      (e[0] === e[1] ? '' : ' <span>' + escape(e[0]) + '</span>') + '<small>' + snippet(e[3], e[4], words) + '</small></a>').join('') :
      '<p>Nothing has all of these words.</p>';
  };
  input.addEventListener('focus', fetchIndex);
  input.addEventListener('input', () => { fetchIndex(); look(); });
  form.addEventListener('submit', (event) => { event.preventDefault(); const first = one('a', found); if (first) first.click(); });
  form.addEventListener('keydown', (event) => {
    const links = all('a', found), at = links.indexOf(document.activeElement);
    if (event.key === 'ArrowDown' && links.length) { event.preventDefault(); links[Math.min(at + 1, links.length - 1)].focus(); }
    if (event.key === 'ArrowUp' && links.length) { event.preventDefault(); if (at <= 0) input.focus(); else links[at - 1].focus(); }
    if (event.key === 'Escape') { found.hidden = true; input.focus(); }
  });
  document.addEventListener('click', (event) => { if (!form.contains(event.target)) found.hidden = true; });
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) { event.preventDefault(); input.focus(); }
  });
})();
