// @ts-check
import { adjustedRandScore } from 'webgpu-clustering';
import { painted, readBack } from './paint.mjs';
import { segmentsOf } from './segments.mjs';
import { HEIGHT, picture, TEXTURES, WIDTH } from './textures.mjs';

/** @type {readonly (readonly [red: number, green: number, blue: number])[]} */
const COLOURS = [
  [0.0, 0.5, 0.8],
  [0.95, 0.6, 0.05],
  [0.0, 0.68, 0.5],
  [0.85, 0.35, 0.65],
  [0.6, 0.6, 0.6],
];

/**
 * @template {HTMLElement} E
 * @param {string} id
 * @param {new () => E} kind
 */
function byId(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`the page has no #${id}`);
  return element;
}

const result = byId('result', HTMLElement);
const button = byId('run', HTMLButtonElement);
const { pixels, textures } = picture();

/**
 * @param {string} status
 * @param {string} text
 */
function say(status, text) {
  result.dataset.status = status;
  byId('message', HTMLElement).textContent = text;
}

/**
 * @param {string} id
 * @param {Uint8ClampedArray<ArrayBuffer>} bytes
 */
function show(id, bytes) {
  const canvas = byId(id, HTMLCanvasElement);
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  canvas.getContext('2d')?.putImageData(new ImageData(bytes, WIDTH, HEIGHT), 0, 0);
}

async function run() {
  button.disabled = true;
  try {
    say('running', 'Loading ONNX Runtime Web…');
    const ort = await import('onnxruntime-web/webgpu').catch((error) => {
      throw new Error(`ONNX Runtime Web could not be loaded, for which the network is needed (${error.message})`);
    });
    say('running', 'Computing…');
    const image = { pixels, width: WIDTH, height: HEIGHT };
    const { device, model, labels } = await segmentsOf(ort, image, TEXTURES);
    show('after', await painted(device, labels, pixels, COLOURS));
    byId('found', HTMLElement).hidden = false;
    // For the figure alone.
    const agreement = adjustedRandScore(new Uint32Array(await readBack(device, labels)), textures);
    labels.destroy();
    byId('figures', HTMLElement).textContent =
      `${pixels.length.toLocaleString('en')} rows of ${model.d} numbers, ${model.k} clusters, ${model.iterations} iterations of k-means. Agreement with the textures that were drawn: ${agreement.toFixed(2)}, where 1 is perfect and 0 is chance (adjusted Rand index); for it the labels were read back. Where two textures meet, the surroundings of a pixel hold both, as those of chequers do.`;
    say('done', `${model.k} textures are told apart.`);
    button.hidden = true;
    byId('from', HTMLElement).hidden = true;
  } catch (error) {
    say('error', `It did not work: ${error instanceof Error ? error.message : error}.`);
    button.disabled = false;
  }
}

show(
  'before',
  Uint8ClampedArray.from({ length: 4 * pixels.length }, (_, at) => (at % 4 === 3 ? 255 : 255 * pixels[at >> 2])),
);
const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
if (!adapter) {
  say('missing', 'This browser has no WebGPU here, which this example is about: the others run on the CPU as well.');
} else {
  say('waiting', 'WebGPU is there.');
  button.hidden = false;
  byId('from', HTMLElement).hidden = false;
  byId('origin', HTMLElement).textContent = __ONNX_ORIGIN__;
  button.addEventListener('click', () => void run());
}
