// SPDX-License-Identifier: AGPL-3.0-or-later
// Looks at pages in a real Chromium, as `tests/it/browser.rs` asks: one JSON object on standard input,
// complaints on standard output, one a line. Nothing is installed here: NODE_PATH says where
// playwright-core and axe-core lie.
//
// Rule: a page is looked at wide and narrow, light and dark; a complaint names the page and what to see.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');

const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const WIDTHS = { wide: 1280, narrow: 360 };
const HEIGHT = 800;
const SCHEMES = ['light', 'dark'];
const CAN_BE_REACHED = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';

async function main() {
  const asked = JSON.parse(fs.readFileSync(0, 'utf8'));
  fs.mkdirSync(asked.screenshots, { recursive: true });
  const browser = await chromium.launch({
    executablePath: asked.chromium,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  const complaints = [];
  let looks = 0;
  try {
    for (const page of asked.pages) {
      const loaded = [];
      const { context, page: opened } = await open(browser, asked, page, loaded);
      complaints.push(...(await type(opened, asked, page)).map((it) => `${page.name} (keyboard): ${it}`));
      for (const [width, pixels] of Object.entries(WIDTHS)) {
        for (const scheme of SCHEMES) {
          const said = await look(opened, asked, page, { width, pixels, scheme });
          complaints.push(...said.map((it) => `${page.name} (${width}, ${scheme}): ${it}`));
          looks += 1;
        }
      }
      await context.close();
      complaints.push(...loaded.map((it) => `${page.name}: ${it}`));
      console.error(`${page.name}: ${Math.round(performance.now() / 1000)} s`);
    }
  } finally {
    await browser.close();
  }
  for (const complaint of complaints) console.log(complaint);
  console.error(`${asked.pages.length} pages, ${looks} looks, ${complaints.length} complaints`);
  process.exitCode = complaints.length === 0 ? 0 : 1;
}

// Opens a page; what is wrong about how it is loaded goes into `said`.
async function open(browser, asked, wanted, said) {
  const context = await browser.newContext({
    viewport: { width: WIDTHS.narrow, height: HEIGHT },
    reducedMotion: 'reduce',
    extraHTTPHeaders: asked.headers ?? {},
  });
  const page = await context.newPage();
  page.on('console', (message) => {
    // A browser says so of each answer that is an error, also of one that is expected.
    const expected = wanted.status !== 200 && message.text().includes('Failed to load resource');
    if (message.type() === 'error' && !expected) said.push(`the browser complains: ${message.text()}`);
  });
  page.on('pageerror', (error) => said.push(`an error in the page: ${error.message}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${asked.base}/`) && !url.startsWith('data:')) said.push(`asks ${url}`);
  });
  const cookies = wanted.cookies ?? [];
  if (cookies.length > 0) await context.addCookies(cookies.map((it) => ({ ...it, url: asked.base })));
  const answer = await page.goto(asked.base + wanted.path, { waitUntil: 'load' });
  if (answer.status() !== wanted.status) said.push(`is ${answer.status()}, not ${wanted.status}`);
  return { context, page };
}

async function look(page, asked, wanted, options) {
  const said = [];
  await page.setViewportSize({ width: options.pixels, height: HEIGHT });
  await page.emulateMedia({ colorScheme: options.scheme });
  await page.evaluate(() => { document.activeElement?.blur(); scrollTo(0, 0); });
  const file = `${wanted.name}-${options.width}-${options.scheme}.png`;
  await page.screenshot({ path: path.join(asked.screenshots, file), fullPage: true });

  const seen = await page.evaluate(() => {
    const root = document.documentElement;
    const style = getComputedStyle(document.body);
    const light = (colour) => {
      const [red, green, blue] = colour.match(/\d+/g).map(Number);
      return red * 0.3 + green * 0.6 + blue * 0.1;
    };
    const broken = [...document.images].filter((it) => !it.complete || it.naturalWidth === 0);
    const cells = [...document.querySelectorAll('tr')].map((row) => [...row.cells]);
    const side = cells.filter((row) => row.length > 1).map(([one, two]) => {
      const [first, second] = [one.getBoundingClientRect(), two.getBoundingClientRect()];
      return first.top === second.top ? Math.sign(second.left - first.left) : 0;
    });
    return {
      language: root.lang,
      direction: root.dir,
      written: style.direction,
      overflow: root.scrollWidth - root.clientWidth,
      outside: [...document.querySelectorAll('body *')].filter((it) => {
        const box = it.getBoundingClientRect();
        return it.scrollWidth > it.clientWidth + 1 || box.left < 0 || box.right > root.clientWidth;
      }).map((it) => it.outerHTML.slice(0, 120)).at(-1),
      ground: light(style.backgroundColor),
      headings: document.querySelectorAll('h1').length,
      scripts: document.querySelectorAll('script').length,
      broken: broken.length,
      sides: [...new Set(side.filter((it) => it !== 0))],
    };
  });
  if (seen.language !== wanted.language) said.push(`is in ${seen.language}, not ${wanted.language}`);
  if (seen.direction !== wanted.direction || seen.written !== wanted.direction) {
    said.push(`is written ${seen.written} (${seen.direction}), not ${wanted.direction}`);
  }
  const expected = wanted.direction === 'rtl' ? -1 : 1;
  if (seen.sides.some((it) => it !== expected)) said.push('has a table the wrong way round');
  if (seen.overflow > 0) said.push(`is ${seen.overflow} pixels too wide: ${seen.outside}`);
  if ((options.scheme === 'dark') !== (seen.ground < 128)) said.push('has the wrong ground');
  if (seen.headings !== 1) said.push(`has ${seen.headings} headings of the first level`);
  if (seen.scripts !== 0) said.push('runs a script');
  if (seen.broken !== 0) said.push('has a picture that cannot be seen');

  await page.evaluate(AXE);
  const found = await page.evaluate(
    (values) => window.axe.run(document, { runOnly: { type: 'tag', values } }),
    RULES,
  );
  for (const one of found.violations) {
    for (const node of one.nodes) said.push(`axe ${one.id}: ${one.help}: ${node.html.slice(0, 200)}`);
  }
  if (found.passes.length < 10) said.push(`axe looked at ${found.passes.length} rules only`);
  return said;
}

// What has the focus, and whether that can be seen.
function focused() {
  const it = document.activeElement;
  if (!it || it === document.body) return null;
  const style = getComputedStyle(it);
  const box = it.getBoundingClientRect();
  return {
    index: [...document.querySelectorAll('*')].indexOf(it),
    id: it.id,
    what: it.outerHTML.slice(0, 120),
    skip: it.classList.contains('skip'),
    outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    inMain: it.closest('main') !== null,
  };
}

// Goes through a page with the keyboard only.
async function type(page, asked, wanted) {
  const said = [];
  const wantedAll = await page.evaluate((query) => {
    const all = [...document.querySelectorAll('*')];
    const seen = [...document.querySelectorAll(query)].filter((it) => !it.disabled);
    return seen.filter((it) => it.type !== 'hidden').map((it) => [all.indexOf(it), it.outerHTML.slice(0, 120)]);
  }, CAN_BE_REACHED);
  const reached = [];
  // A field for a date has several stops inside.
  for (let step = 0; step <= wantedAll.length * 5; step += 1) {
    await page.keyboard.press('Tab');
    const now = await page.evaluate(focused);
    if (now === null) break;
    if (step === 0 && !now.skip) said.push(`the first stop is not the skip link: ${now.what}`);
    if (now.outline < 2) said.push(`the focus cannot be seen: ${now.what}`);
    if (!now.inside) said.push(`the focus is out of sight: ${now.what}`);
    if (reached.at(-1) !== now.index) reached.push(now.index);
  }
  for (const [index, what] of wantedAll) {
    if (!reached.includes(index)) said.push(`cannot be reached: ${what}`);
  }
  const inOrder = reached.every((index, at) => at === 0 || index > reached[at - 1]);
  if (!inOrder) said.push('the stops are not in the order in which they stand');

  await page.goto(asked.base + wanted.path, { waitUntil: 'load' });
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  const skipped = await page.evaluate(focused);
  if (skipped?.id !== 'main') said.push(`the skip link leads to ${skipped?.what ?? 'nothing'}`);
  await page.keyboard.press('Tab');
  const next = await page.evaluate(focused);
  const has = await page.evaluate((query) => document.querySelectorAll(`main :is(${query})`).length, CAN_BE_REACHED);
  if (has > 0 && !next?.inMain) said.push(`behind the skip link comes ${next?.what ?? 'nothing'}`);
  return said;
}

main().catch((error) => {
  console.log(`the look broke off: ${error.stack}`);
  process.exitCode = 1;
});
