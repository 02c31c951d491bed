// @ts-check

import { make } from '../parts.mjs';
import { paint } from './oklab.mjs';
import { palettesOf } from './palettes.mjs';

/** Larger pictures are scaled down, so that three of them are painted at once. */
const LONGEST_SIDE = 640;

const PHOTOGRAPHS = {
  china: new URL('../../../test/golden/data/china.jpg', import.meta.url).href,
  flower: new URL('../../../test/golden/data/flower.jpg', import.meta.url).href,
};

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 */
function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`the page has no #${id}`);
  return element;
}

const original = byId('original', HTMLCanvasElement);
const photograph = byId('photograph', HTMLSelectElement);
const number = byId('k', HTMLInputElement);
const file = byId('file', HTMLInputElement);
const message = byId('message', HTMLElement);
const result = byId('result', HTMLElement);

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('there is no canvas to paint on');
  return context;
}

/** Paints the photograph, and returns its pixels. */
async function readPhotograph() {
  const image = new Image();
  const own = file.files?.[0];
  const isOwn = photograph.value === 'own' && own !== undefined;
  const url = isOwn ? URL.createObjectURL(own) : PHOTOGRAPHS[photograph.value === 'flower' ? 'flower' : 'china'];
  image.src = url;
  await image.decode();
  const scale = Math.min(1, LONGEST_SIDE / Math.max(image.naturalWidth, image.naturalHeight));
  original.width = Math.max(1, Math.round(image.naturalWidth * scale));
  original.height = Math.max(1, Math.round(image.naturalHeight * scale));
  const context = contextOf(original);
  // What is transparent is seen on white.
  context.fillStyle = 'white';
  context.fillRect(0, 0, original.width, original.height);
  context.drawImage(image, 0, 0, original.width, original.height);
  if (isOwn) URL.revokeObjectURL(url);
  return context.getImageData(0, 0, original.width, original.height);
}

/** @param {readonly [number, number, number]} rgb */
function hexOf(rgb) {
  return `#${rgb.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** @param {import('./palettes.mjs').Palette} palette */
function swatchesOf({ colours }) {
  const all = colours.reduce((sum, { population }) => sum + population, 0);
  const swatches = colours.map(({ rgb, population }) => {
    const swatch = make('li');
    const share = `${((100 * population) / all).toFixed(1)} %`;
    swatch.style.background = hexOf(rgb);
    swatch.style.flexGrow = String(population / all);
    swatch.title = `${hexOf(rgb)}, ${share} of the pixels`;
    swatch.setAttribute('aria-label', swatch.title);
    return swatch;
  });
  const list = make('ol', ...swatches);
  list.className = 'swatches';
  return list;
}

/**
 * @param {import('./palettes.mjs').Palette} palette
 * @param {ImageData} image
 */
function figureOf(palette, image) {
  const { painted, difference } = paint(
    image.data,
    palette.colours.map(({ rgb }) => rgb),
  );
  const canvas = document.createElement('canvas');
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', `The photograph in the colours of ${palette.name}`);
  contextOf(canvas).putImageData(new ImageData(painted, image.width, image.height), 0, 0);
  const heading = make('h2', palette.name, make('small', palette.about));
  const figure = make('strong', difference.toFixed(2));
  const said = make('p', 'Difference ', figure, make('small', `${palette.colours.length} colours`));
  const caption = make('figcaption', heading, swatchesOf(palette), said);
  const element = make('figure', canvas, caption);
  element.dataset.difference = String(difference);
  return { element, difference };
}

async function show() {
  result.dataset.status = 'running';
  try {
    const image = await readPhotograph();
    const k = number.valueAsNumber;
    const figures = (await palettesOf(original, image, k)).map((palette) => figureOf(palette, image));
    const [own, ...others] = figures;
    const least = Math.min(...others.map(({ difference }) => difference));
    figures.find(({ difference }) => difference === Math.min(own.difference, least))?.element.classList.add('best');
    byId('size', HTMLElement).textContent = `${image.width} × ${image.height} pixels`;
    while (result.children.length > 1) result.lastElementChild?.remove();
    result.append(...figures.map(({ element }) => element));
    const less = Math.round(100 * (1 - own.difference / least));
    message.textContent = `In ${k} colours, those of k-means differ by ${less} % less than the better of the two median cuts.`;
    result.dataset.status = 'done';
  } catch (error) {
    message.textContent = `It did not work: ${error instanceof Error ? error.message : error}`;
    result.dataset.status = 'error';
  }
}

/** One picture after the other. */
let shown = show();

function showNext() {
  if (byId('choice', HTMLFormElement).reportValidity()) shown = shown.then(show);
}

photograph.addEventListener('change', showNext);
number.addEventListener('change', showNext);
file.addEventListener('change', () => {
  const own = photograph.querySelector('option[value="own"]');
  if (own instanceof HTMLOptionElement && file.files?.length === 1) {
    own.hidden = false;
    photograph.value = 'own';
    showNext();
  }
});
