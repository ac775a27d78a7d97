// Figures that can be touched. Each begins hidden beside a drawing that says the same, so nothing is lost without script.
(() => {
  'use strict';
  const root = document.querySelector('script[data-root]').dataset.root;
  const NS = 'http://www.w3.org/2000/svg';
  const svg = (name, attributes, text) => {
    const made = document.createElementNS(NS, name);
    Object.entries(attributes || {}).forEach(([key, value]) => made.setAttribute(key, value));
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const element = (name, attributes, ...inside) => {
    const made = document.createElement(name);
    Object.entries(attributes || {}).forEach(([key, value]) => made.setAttribute(key, value));
    made.append(...inside);
    return made;
  };
  let names = 0;
  const choice = (legend, values, chosen, changed) => {
    const name = 'choice' + names++;
    const box = element('fieldset', {}, element('legend', {}, legend));
    values.forEach((value) => {
      const input = element('input', { type: 'radio', name: name, value: value });
      input.checked = value === chosen;
      input.addEventListener('change', () => changed(value));
      box.append(element('label', {}, input, value));
    });
    return box;
  };
  const slider = (words, count, start, print, changed) => {
    const input = element('input', { type: 'range', min: 0, max: count - 1, step: 1, value: start });
    const output = element('output', {}, print(start));
    const move = () => { output.textContent = print(+input.value); input.setAttribute('aria-valuetext', print(+input.value)); changed(+input.value); };
    input.addEventListener('input', move);
    input.setAttribute('aria-valuetext', print(start));
    const label = element('label', {}, words, input, output);
    label.input = input;
    return label;
  };
  const power = (exponent) => '10' + String(exponent).replace(/./g, (c) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(c)]);

  // --- the cube of a normalizer: samples to the right, channels upwards, positions into depth
  const cube = (box) => {
    const N = 4, C = 8, L = 4, groups = [1, 2, 4, 8], unit = 26, slant = 13;
    let kind = 'group', G = 4;
    const colour = (i, count) => 'color-mix(in srgb, var(--s' + (i % 8) + ') ' + (i >= 8 ? 55 : 85) + '%, var(--paper))';
    const cell = (n, c) => ({ batch: c, layer: n, instance: n * C + c, group: n * G + Math.floor(c / (C / G)) }[kind]);
    const picture = svg('svg', { viewBox: '0 0 ' + (N * unit + L * slant + 250) + ' ' + (C * unit + L * slant + 40), role: 'img' });
    const draw = () => {
      picture.replaceChildren();
      const x0 = 90, y0 = C * unit + L * slant + 8;
      const face = (points, fill) => picture.append(svg('polygon', { points: points.map((p) => p.join(',')).join(' '), style: 'fill:' + fill + ';stroke:var(--paper);stroke-width:1' }));
      const at = (n, c, l) => [x0 + n * unit + l * slant, y0 - c * unit - l * slant];
      for (let n = 0; n < N; n++)
        for (let c = 0; c < C; c++)
          face([at(n, c, 0), at(n + 1, c, 0), at(n + 1, c + 1, 0), at(n, c + 1, 0)], colour(tint(n, c)));
      for (let n = 0; n < N; n++)
        for (let l = 0; l < L; l++)
          face([at(n, C, l), at(n + 1, C, l), at(n + 1, C, l + 1), at(n, C, l + 1)], 'color-mix(in srgb, ' + colour(tint(n, C - 1)) + ' 80%, white)');
      for (let c = 0; c < C; c++)
        for (let l = 0; l < L; l++)
          face([at(N, c, l), at(N, c, l + 1), at(N, c + 1, l + 1), at(N, c + 1, l)], 'color-mix(in srgb, ' + colour(tint(N - 1, c)) + ' 80%, black)');
      picture.append(svg('text', { x: x0 + N * unit / 2, y: y0 + 20, 'text-anchor': 'middle' }, N + ' samples'));
      picture.append(svg('text', { x: x0 - 10, y: y0 - C * unit / 2, 'text-anchor': 'end' }, C + ' channels'));
      picture.append(svg('text', { x: x0 + N * unit + L * slant / 2 + 12, y: y0 - 8 }, L + ' positions'));
      const cells = { batch: C, layer: N, instance: N * C, group: N * G }[kind], m = N * C * L / cells;
      const words = kind + (kind === 'group' ? '(' + G + ')' : '') + ': ' + cells + ' cells of ' + m + ' elements. ' +
        { batch: 'A cell is one channel of all samples: the samples of a batch share their moments.',
          layer: 'A cell is one sample with all its channels.', instance: 'A cell is one channel of one sample.',
          group: 'A cell is ' + C / G + ' consecutive channel' + (C / G > 1 ? 's' : '') + ' of one sample' + (G === 1 ? ', as with layer.' : G === C ? ', as with instance.' : '.') }[kind];
      says.textContent = words;
      picture.setAttribute('aria-label', words);
      slide.input.disabled = kind !== 'group';
    };
    // Neighbouring cells differ in colour: eight of them, in steps that no row or column repeats.
    const tint = (n, c) => kind === 'batch' ? c : kind === 'layer' ? n : kind === 'instance' ? (3 * n + c) : (3 * n + Math.floor(c / (C / G)));
    const says = element('p', { class: 'says', 'aria-live': 'polite' });
    const slide = slider('Groups G', groups.length, 2, (i) => String(groups[i]), (i) => { G = groups[i]; draw(); });
    box.append(element('h3', {}, 'Which elements share their moments?'),
      element('div', { class: 'controls' }, choice('Normalizer', ['batch', 'layer', 'instance', 'group'], kind, (value) => { kind = value; draw(); }), slide), picture, says);
    picture.style.maxWidth = '28rem';
    draw();
  };

  // --- the noise of a batch's moments: batches are drawn here, of samples whose means differ
  const noise = (box) => {
    const sizes = [1, 2, 4, 8, 16, 32, 64], batches = 48, positions = 16, between = 0.5;
    let b = 4, seed = 1;
    const generator = (state) => () => { // mulberry32
      state = (state + 0x6D2B79F5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const W = 560, H = 250, left = 52, top = 14, bottom = 34;
    const picture = svg('svg', { viewBox: '0 0 ' + W + ' ' + H, role: 'img' });
    const y = (value) => top + (2 - value) / 4 * (H - top - bottom);
    const draw = () => {
      picture.replaceChildren();
      const uniform = generator(seed * 7919 + b), normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
      [-2, -1, 0, 1, 2].forEach((tick) => {
        picture.append(svg('path', { d: 'M' + left + ' ' + y(tick) + 'H' + (W - 6), style: 'stroke:var(--line)' }), svg('text', { x: left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, String(tick).replace('-', '−')));
      });
      let spread = 0;
      for (let k = 0; k < batches; k++) {
        let sum = 0, squares = 0;
        for (let i = 0; i < b; i++) {
          const shift = Math.sqrt(between) * normal();
          for (let j = 0; j < positions; j++) {
            const value = shift + Math.sqrt(1 - between) * normal();
            sum += value;
            squares += value * value;
          }
        }
        const m = b * positions, mean = sum / m, deviation = Math.sqrt(Math.max(0, squares / m - mean * mean));
        spread += mean * mean;
        const x = left + 10 + (k + 0.5) / batches * (W - left - 20);
        picture.append(svg('path', { d: 'M' + x + ' ' + y(mean - deviation) + 'V' + y(mean + deviation), style: 'stroke:color-mix(in srgb, var(--s0) 45%, var(--paper));stroke-width:4' }),
          svg('circle', { cx: x, cy: y(mean), r: 3.2, style: 'fill:var(--s1)' }));
      }
      picture.append(svg('text', { x: (W + left) / 2, y: H - 8, 'text-anchor': 'middle' }, batches + ' batches: mean (dot) and mean ± standard deviation (bar)'));
      const expected = Math.sqrt(between / b + (1 - between) / (b * positions));
      const words = 'With ' + b + (b > 1 ? ' samples' : ' sample') + ' in a batch its mean is off by ' + Math.sqrt(spread / batches).toFixed(2) + ' (root mean square over these ' + batches +
        ' batches; the theory says ' + expected.toFixed(2) + '). True mean 0, standard deviation 1.';
      says.textContent = words;
      picture.setAttribute('aria-label', words);
    };
    const says = element('p', { class: 'says', 'aria-live': 'polite' });
    const again = element('button', { type: 'button', class: 'scheme' }, 'Draw again');
    again.addEventListener('click', () => { seed++; draw(); });
    box.append(element('h3', {}, 'How far off are the moments of a batch?'),
      element('div', { class: 'controls' }, slider('Samples b', sizes.length, 2, (i) => String(sizes[i]), (i) => { b = sizes[i]; draw(); }), again), picture, says,
      element('p', { class: 'says' }, 'Drawn in this page: a feature map of ' + positions + ' positions; half of the variance lies between samples, which is why positions help little.'));
    draw();
  };

  // --- the V of finite differences: the error over the step, and where one stands on it
  const steps = (box, data) => {
    const W = 560, H = 320, left = 56, right = 10, top = 12, bottom = 44;
    const x = (v) => left + (Math.log10(v) - data.low) / (data.high - data.low) * (W - left - right);
    const bottomOf = -17, topOf = 1, y = (v) => top + (topOf - Math.max(bottomOf, Math.min(topOf, Math.log10(v)))) / (topOf - bottomOf) * (H - top - bottom);
    let mean = 0, place = data.step.reduce((best, s, i) => Math.abs(Math.log10(s) + 5) < Math.abs(Math.log10(data.step[best]) + 5) ? i : best, 0);
    const picture = svg('svg', { viewBox: '0 0 ' + W + ' ' + H, role: 'img' });
    const print = (v) => { const [digits, exponent] = v.toExponential(1).split('e'); return v === 0 ? '0' : digits.replace('.0', '') + (+exponent ? '·' + power(+exponent) : ''); };
    const draw = () => {
      picture.replaceChildren();
      for (let e = -16; e <= 0; e += 4)
        picture.append(svg('path', { d: 'M' + left + ' ' + y(10 ** e) + 'H' + (W - right), style: 'stroke:var(--line)' }), svg('text', { x: left - 8, y: y(10 ** e) + 4, 'text-anchor': 'end' }, e === 0 ? '1' : power(e)));
      for (let e = Math.ceil(data.low / 4) * 4; e <= data.high; e += 4)
        picture.append(svg('text', { x: x(10 ** e), y: H - bottom + 18, 'text-anchor': 'middle' }, e === 0 ? '1' : power(e)));
      picture.append(svg('text', { x: (W + left) / 2, y: H - 6, 'text-anchor': 'middle' }, 'step, in standard deviations of the cell'));
      data.rule.forEach((rule, r) => {
        let d = '';
        data.error[mean][r].forEach((v, i) => { if (v !== null) d += (d ? 'L' : 'M') + x(data.step[i]).toFixed(1) + ' ' + y(v || 1e-17).toFixed(1); });
        picture.append(svg('path', { d: d, class: 'curve s' + r }));
        const v = data.error[mean][r][place];
        if (v !== null) picture.append(svg('circle', { cx: x(data.step[place]), cy: y(v || 1e-17), r: 4.5, style: 'fill:var(--s' + r + ')' }));
      });
      picture.append(svg('path', { d: 'M' + x(data.step[place]) + ' ' + top + 'V' + (H - bottom), style: 'stroke:var(--soft);stroke-dasharray:3 3' }));
      const words = 'Step ' + print(data.step[place]) + ': ' + data.rule.map((rule, r) => {
        const v = data.error[mean][r][place];
        return rule + (v === null ? ' gives no number' : ' errs by ' + print(v));
      }).join(', ') + '. Those that choose a step, or need none: ' + data.oracle.map((name, i) => name + ' ' + (data.oracleError[mean][i] === null ? '–' : print(data.oracleError[mean][i]))).join('; ') + '.';
      says.textContent = words;
      picture.setAttribute('aria-label', words);
    };
    const says = element('p', { class: 'says', 'aria-live': 'polite' });
    const key = element('ul', { class: 'legend' });
    data.rule.forEach((rule, r) => key.append(element('li', {}, element('span', { class: 'swatch s' + r }), rule)));
    box.append(element('h3', {}, 'Which step is the right one?'),
      element('div', { class: 'controls' }, slider('Step', data.step.length, place, (i) => print(data.step[i]), (i) => { place = i; draw(); }),
        choice('Mean / std', data.mean.map(print), print(data.mean[0]), (value) => {
          mean = data.mean.map(print).indexOf(value);
          draw();
        })), key, picture, says);
    draw();
  };

  // --- the ledger: contrasts in units of their margin, by verdict and by words
  const KINDS = ['supported', 'contradicted', 'equivalent', 'undecided', 'not tested'];
  const filter = (box, title, count, show) => {
    const chosen = new Set(KINDS), kinds = element('fieldset', {}, element('legend', {}, 'Verdict'));
    const words = element('input', { type: 'search', 'aria-label': 'Words of the claim', placeholder: 'Words, or L05' });
    const says = element('p', { class: 'says', 'aria-live': 'polite' });
    const look = () => {
      const shown = show((verdict, text) => chosen.has(verdict) && words.value.toLowerCase().split(/\s+/).every((w) => text.toLowerCase().includes(w)));
      says.textContent = shown + ' of ' + count + ' contrasts.';
    };
    KINDS.forEach((kind) => {
      const input = element('input', { type: 'checkbox' });
      input.checked = true;
      input.addEventListener('change', () => { if (input.checked) chosen.add(kind); else chosen.delete(kind); look(); });
      kinds.append(element('label', {}, input, element('span', { class: 'verdict ' + kind.replace(' ', '-') }, kind)));
    });
    words.addEventListener('input', look);
    box.append(element('h3', {}, title), element('div', { class: 'controls' }, kinds, words), says);
    look();
  };
  const filtered = (box) => {
    const rows = [...document.querySelectorAll('table.ledger tbody tr')];
    const statement = {};
    rows.forEach((row) => { statement[row.dataset.claim] = (statement[row.dataset.claim] || '') + ' ' + row.textContent; });
    filter(box, 'Show', rows.length, (fits) => rows.filter((row) => {
      row.hidden = !fits(row.dataset.verdict.replace('-', ' '), statement[row.dataset.claim]);
      return !row.hidden;
    }).length);
  };
  const ledger = (box, data) => {
    const list = element('ul', { class: 'rows', tabindex: '0', 'aria-label': 'contrasts, scrolls' });
    const X = (v) => 100 + Math.max(-5, Math.min(5, v)) * 19;
    const rows = data.map(([id, statement, verdict, contrast, estimate, low, high, published]) => {
      const item = element('li', { title: contrast }, element('span', {}, element('a', { href: root + 'ledger.html#' + id }, id), ' ' + statement));
      const picture = svg('svg', { viewBox: '0 0 200 22', 'aria-hidden': 'true' });
      picture.append(svg('path', { d: 'M100 0V22', style: 'stroke:var(--soft)' }), svg('path', { d: 'M' + X(-1) + ' 0V22M' + X(1) + ' 0V22', style: 'stroke:var(--line);stroke-dasharray:2 2' }));
      if (low !== null) picture.append(svg('path', { d: 'M' + X(low) + ' 11H' + X(high), style: 'stroke:var(--s0);stroke-width:3' }));
      if (estimate !== null) picture.append(svg('circle', { cx: X(estimate), cy: 11, r: 4, style: 'fill:var(--s0)' }));
      if (published !== null) picture.append(svg('path', { d: 'M' + X(published) + ' 5l5 9h-10z', style: 'fill:var(--s1)' }));
      item.append(picture, element('span', { class: 'verdict ' + verdict.replace(' ', '-') }, verdict));
      list.append(item);
      return [item, verdict, id + ' ' + statement + ' ' + contrast];
    });
    filter(box, 'Every contrast, in units of its margin', rows.length, (fits) => rows.filter(([item, verdict, text]) => {
      item.hidden = !fits(verdict, text);
      return !item.hidden;
    }).length);
    box.append(list, element('p', { class: 'says' }, 'Dot and bar: estimate and interval; triangle: published; dashed: the margin. What lies beyond five margins stands at the edge.'));
  };

  const KNOWN = { cube, noise, steps, ledger, filter: filtered };
  document.querySelectorAll('.touch').forEach((box) => {
    const data = box.querySelector('script');
    box.hidden = false;
    KNOWN[box.dataset.touch](box, data ? JSON.parse(data.textContent) : null);
  });
})();
