/** What makes the built page strict, and what it keeps for where there is no network. */
import { describe, expect, it } from 'vitest';
import { loadedWhole } from '../../demo/offline/loaded.ts';
import { policyOf } from '../../demo/offline/policy.ts';
import { cacheName, isHashed, isOldCache, isWhole, keyOf, routeOf } from '../../demo/offline/routes.ts';
import { shellOf } from '../../demo/offline/shell.ts';

const SCOPE = 'https://host.example/some/where/';
const CDN = 'https://cdn.example';

describe('the policy', () => {
  it('of the page lets it load and run itself alone', () => {
    expect(policyOf('index.html', CDN)).toBe(
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; " +
        "img-src 'self' blob: data:; manifest-src 'self'; base-uri 'none'; form-action 'none'",
    );
  });

  it('of an example lets threads be inlined, and what else it needs: one foreign origin, or to compile JavaScript', () => {
    const ofMap = policyOf('examples/map/index.html', CDN);
    expect(ofMap).toContain("worker-src 'self' blob:;");
    expect(ofMap).not.toContain(CDN);
    expect(policyOf('examples/arrow/index.html', CDN)).toContain("script-src 'self' 'unsafe-eval';");
    const ofOnnx = policyOf('examples/onnx/index.html', CDN);
    expect(ofOnnx).toContain(`script-src 'self' 'wasm-unsafe-eval' ${CDN} blob:;`);
    expect(ofOnnx).toContain(`connect-src 'self' ${CDN} blob:;`);
  });
});

describe('the shell', () => {
  const page = `<script type="module" crossorigin src="./assets/index-1.js"></script>
    <link rel="modulepreload" crossorigin href="./assets/signals-2.js"><link rel="stylesheet" href="./assets/index-3.css">
    <link rel="icon" href="data:image/svg+xml,x"><a href="./examples/map/index.html">map</a>`;

  it('has what the page, its scripts and its workers load at once, and nothing that is loaded on demand', () => {
    const scripts = new Map([
      [
        'assets/index-1.js',
        'import{a}from"./signals-2.js";import"./effect-4.js";const m=()=>import("./panel-5.js");' +
          'new Worker(new URL(/* @vite-ignore */""+new URL("worker-6.js",import.meta.url).href,import.meta.url));',
      ],
      ['assets/signals-2.js', 'export{x as a}from`./core-7.js`'],
      ['assets/effect-4.js', ''],
      ['assets/panel-5.js', 'import"./chart-8.js"'],
      [
        'assets/worker-6.js',
        'const t=new URL(`threads-9.js`,import.meta.url).href,f=new URL("flights.parquet",import.meta.url)',
      ],
      ['assets/core-7.js', ''],
      ['assets/chart-8.js', ''],
      ['assets/threads-9.js', ''],
    ]);
    expect(shellOf(page, scripts)).toEqual([
      'assets/core-7.js',
      'assets/effect-4.js',
      'assets/index-1.js',
      'assets/index-3.css',
      'assets/signals-2.js',
      'assets/threads-9.js',
      'assets/worker-6.js',
    ]);
  });

  it('ends where scripts import each other', () => {
    const scripts = new Map([
      ['assets/index-1.js', 'import"./signals-2.js"'],
      ['assets/signals-2.js', 'import"./index-1.js"'],
    ]);
    expect(shellOf(page, scripts)).toEqual(['assets/index-1.js', 'assets/index-3.css', 'assets/signals-2.js']);
  });
});

describe('a request', () => {
  const asked = (path: string) => ({
    method: 'GET',
    url: new URL(path, SCOPE).href,
    isNavigation: false,
    isPart: false,
  });

  it.each([
    ['assets/worker-6.js', 'cache-first'],
    ['', 'network-first'],
    ['?k=3', 'network-first'],
    ['examples/map/index.html', 'network-first'],
    // The API site's own names have no hashes.
    ['api/assets/main.js', 'network-first'],
    ['../assets/worker-6.js', 'pass'],
    ['https://cdn.example/some/where/assets/worker-6.js', 'pass'],
    ['blob:https://host.example/some/where/assets/1', 'pass'],
  ])('for %s is answered %s', (path, route) => {
    expect(routeOf(asked(path), SCOPE)).toBe(route);
  });

  it('is left alone where it sends something, or asks for a part', () => {
    expect(routeOf({ ...asked('assets/a-1.js'), method: 'POST' }, SCOPE)).toBe('pass');
    expect(routeOf({ ...asked('assets/flights-1.parquet'), isPart: true }, SCOPE)).toBe('pass');
  });

  it('for a page is one whatever its settings, and under both of its names', () => {
    const page = (path: string) => keyOf({ url: new URL(path, SCOPE).href, isNavigation: true });
    expect([page('./'), page('./?k=3#x'), page('index.html'), page('index.html?k=3')]).toEqual(Array(4).fill(SCOPE));
    expect(page('examples/map/index.html')).toBe(`${SCOPE}examples/map/`);
    expect(page('myindex.html')).toBe(`${SCOPE}myindex.html`);
    expect(keyOf(asked('data.csv?part=2'))).toBe(`${SCOPE}data.csv?part=2`);
  });
});

it('keeps responses that are whole and of its own origin', () => {
  const whole = { status: 200, type: 'basic', redirected: false } as const;
  expect(isWhole(whole)).toBe(true);
  for (const difference of [{ status: 206 }, { status: 404 }, { type: 'opaque' as const }, { redirected: true }]) {
    expect(isWhole({ ...whole, ...difference })).toBe(false);
  }
});

it('deletes its own old caches, and no others', () => {
  const now = cacheName(SCOPE, '2');
  expect(isOldCache(cacheName(SCOPE, '1'), SCOPE, '2')).toBe(true);
  expect(isOldCache(now, SCOPE, '2')).toBe(false);
  expect(isOldCache(cacheName(`${SCOPE}deeper/`, '1'), SCOPE, '2')).toBe(false);
  expect(isOldCache(cacheName('https://host.example/', '1'), SCOPE, '2')).toBe(false);
  expect(isOldCache('another', SCOPE, '2')).toBe(false);
  expect(isHashed(`${SCOPE}assets/a-1.js`, SCOPE)).toBe(true);
  expect(isHashed(`${SCOPE}index.html`, SCOPE)).toBe(false);
});

it('takes files that were loaded whole, each once, and none of which a part was asked for', () => {
  const entry = (name: string, responseStatus?: number) => ({ name, responseStatus }) as unknown as PerformanceEntry;
  const entries = [
    entry('a', 200),
    entry('a', 200),
    entry('b', 206),
    entry('b', 200),
    entry('c', 404),
    entry('d'),
    entry('e', 0),
  ];
  expect(loadedWhole(entries)).toEqual(['a', 'd', 'e']);
});
