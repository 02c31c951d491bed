/** The picture as a file: what is on the page, with a title and a legend. */
import { css, type Rgb } from '../palette.ts';

export interface Sheet {
  /** What is below the dots, the dots, and what is above, all of the size of `width` and `height`, but the dots. */
  readonly below: SVGSVGElement;
  readonly dots: HTMLCanvasElement;
  readonly above: SVGSVGElement;
  readonly width: number;
  readonly height: number;
  readonly area: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
  readonly title: string;
  readonly legend: readonly { readonly colour: Rgb; readonly name: string }[];
}

const XML = 'http://www.w3.org/2000/svg';
const PADDING = 16;
const TITLE = 34;
const LINE = 24;
/** What rules of style sheets say of marks, which a file has to say itself. */
const STYLES = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'opacity',
  'font-size',
  'font-weight',
  'text-anchor',
];

/** Axes and marks as vectors, the dots as an image. */
export function svgOf(sheet: Sheet): Blob {
  return new Blob([new XMLSerializer().serializeToString(drawSheet(sheet))], { type: 'image/svg+xml' });
}

/** At so many pixels to a CSS pixel. */
export async function pngOf(sheet: Sheet, ratio: number): Promise<Blob> {
  const drawn = drawSheet(sheet);
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(drawn))}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(Number(drawn.getAttribute('width')) * ratio);
  canvas.height = Math.round(Number(drawn.getAttribute('height')) * ratio);
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob === null ? reject(new Error('The picture could not be written.')) : resolve(blob)));
  });
}

function drawSheet({ below, dots, above, width, height, area, title, legend }: Sheet): SVGSVGElement {
  const page = getComputedStyle(below);
  const text = page.getPropertyValue('--text');
  const rows = legendRows(legend, width);
  const size = { width: width + 2 * PADDING, height: TITLE + height + 2 * PADDING + rows.length * LINE };
  const sheet = make('svg', {
    ...size,
    viewBox: `0 0 ${size.width} ${size.height}`,
    'font-family': page.fontFamily,
  }) as SVGSVGElement;
  sheet.append(make('rect', { ...size, fill: page.getPropertyValue('--surface') }));
  sheet.append(write(title, { x: PADDING, y: PADDING + 14, fill: text, 'font-size': 17, 'font-weight': 600 }));
  const body = make('g', { transform: `translate(${PADDING} ${PADDING + TITLE})` });
  const place = { x: area.left, y: area.top, width: area.width, height: area.height };
  body.append(styled(below), make('image', { ...place, href: dots.toDataURL() }), styled(above));
  sheet.append(body);
  for (const [line, entries] of rows.entries()) {
    for (const { x, colour, name } of entries) {
      const y = TITLE + height + PADDING + line * LINE + 14;
      sheet.append(make('circle', { cx: PADDING + x + 7, cy: y, r: 7, fill: css(colour) }));
      sheet.append(write(name, { x: PADDING + x + 20, y: y + 4.5, fill: text, 'font-size': 13 }));
    }
  }
  return sheet;
}

/** A copy that looks the same without the page's style sheets. */
function styled(source: SVGSVGElement): Node {
  const copy = source.cloneNode(true) as SVGSVGElement;
  const originals = [source, ...source.querySelectorAll('*')];
  const copies = [copy, ...copy.querySelectorAll('*')];
  for (const [i, element] of copies.entries()) {
    const style = getComputedStyle(originals[i]);
    for (const name of STYLES) element.setAttribute(name, style.getPropertyValue(name));
    element.removeAttribute('class');
  }
  return copy;
}

/** Names side by side, as many to a line as there is room for. */
function legendRows(legend: Sheet['legend'], width: number) {
  const rows: { x: number; colour: Rgb; name: string }[][] = [];
  let x = Infinity;
  for (const { colour, name } of legend) {
    const length = 36 + 7.5 * name.length;
    if (x + length > width) {
      rows.push([]);
      x = 0;
    }
    rows[rows.length - 1].push({ x, colour, name });
    x += length;
  }
  return rows;
}

function write(text: string, attributes: Record<string, string | number>): SVGElement {
  const element = make('text', attributes);
  element.textContent = text;
  return element;
}

function make(name: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(XML, name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, String(value));
  return element;
}
