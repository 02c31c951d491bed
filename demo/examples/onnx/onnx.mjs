// @ts-check
/**
 * Writes ONNX models, so that no file of weights has to lie anywhere: as much of the format as small models need
 * (https://onnx.ai/onnx/repo-docs/IR.html), which is a protocol buffer. The numbers of fields are those of onnx.proto3.
 */

/** The numbers of element types. */
const TYPES = { float32: 1, int32: 6, int64: 7 };

/** Version 8 of the format, and of its operators those of version 17. */
const FORMAT = 8;
const OPERATORS = 17;

/** What the types of attributes are called there, by number. */
const INTEGER = 2;
const INTEGERS = 7;

/**
 * @typedef {object} Value what goes in or comes out
 * @property {string} name
 * @property {'float32' | 'int32'} type
 * @property {readonly (number | string)[]} dims a name stands for any number
 */

/**
 * @typedef {object} Step one operator, whose results are computed from what is computed before
 * @property {string} op as https://onnx.ai/onnx/operators/ calls it
 * @property {readonly string[]} inputs
 * @property {readonly string[]} outputs
 * @property {Readonly<Record<string, number | readonly number[]>>} [attributes] whole numbers
 */

/**
 * @typedef {object} Constant
 * @property {string} name
 * @property {readonly number[]} dims
 * @property {Float32Array | BigInt64Array} data
 */

/**
 * The bytes of a model, as a file `.onnx` has them.
 *
 * @param {object} graph
 * @param {readonly Value[]} graph.inputs
 * @param {readonly Value[]} graph.outputs
 * @param {readonly Constant[]} [graph.constants]
 * @param {readonly Step[]} graph.steps
 */
export function onnxModel({ inputs, outputs, constants = [], steps }) {
  const graph = message(
    steps.map((step) => field(1, nodeOf(step))),
    field(2, 'graph'),
    constants.map((constant) => field(5, tensorOf(constant))),
    inputs.map((value) => field(11, portOf(value))),
    outputs.map((value) => field(12, portOf(value))),
  );
  return Uint8Array.from(message(field(1, FORMAT), field(8, message(field(2, OPERATORS))), field(7, graph)));
}

/** @param {Step} step */
function nodeOf({ op, inputs, outputs, attributes = {} }) {
  return message(
    inputs.map((name) => field(1, name)),
    outputs.map((name) => field(2, name)),
    field(4, op),
    Object.entries(attributes).map(([name, value]) => field(5, attributeOf(name, value))),
  );
}

/**
 * @param {string} name
 * @param {number | readonly number[]} value
 */
function attributeOf(name, value) {
  if (typeof value === 'number') return message(field(1, name), field(3, value), field(20, INTEGER));
  return message(
    field(1, name),
    value.map((each) => field(8, each)),
    field(20, INTEGERS),
  );
}

/** @param {Constant} constant */
function tensorOf({ name, dims, data }) {
  const type = data instanceof Float32Array ? TYPES.float32 : TYPES.int64;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message(
    dims.map((size) => field(1, size)),
    field(2, type),
    field(8, name),
    field(9, bytes),
  );
}

/** @param {Value} value */
function portOf({ name, type, dims }) {
  const sizes = dims.map((size) => field(1, message(typeof size === 'string' ? field(2, size) : field(1, size))));
  const tensor = message(field(1, TYPES[type]), field(2, message(sizes)));
  return message(field(1, name), field(2, message(field(1, tensor))));
}

/**
 * @param {...(number[] | number[][])} fields
 * @returns {number[]}
 */
function message(...fields) {
  return fields.flat(2);
}

/**
 * A field with its number in front: a whole number, or bytes behind their length.
 *
 * @param {number} number
 * @param {number | string | Uint8Array | number[]} value
 * @returns {number[]}
 */
function field(number, value) {
  if (typeof value === 'number') return [...varint(8 * number), ...varint(value)];
  const bytes = Array.from(typeof value === 'string' ? new TextEncoder().encode(value) : value);
  return [...varint(8 * number + 2), ...varint(bytes.length), ...bytes];
}

/**
 * Seven bits a byte, the lowest first.
 *
 * @param {number} value
 */
function varint(value) {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}
