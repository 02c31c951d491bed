// SPIR-V of a compute shader to CUDA C++: value by value, block by block, with gotos, a device function for a function.
// So nvcc and ptxas see what Dawn gave the Vulkan driver, and nothing was written by hand.
//
// Uniform buffers become __grid_constant__ parameters (a constant bank, as in the driver), storage buffers restrict
// pointers with a length each. `robust` checks the index of every access to a storage buffer against that length, as a
// driver must where Dawn relies on robustBufferAccess2.

const OPS = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  mod: '%',
  shl: '<<',
  shr: '>>',
  or: '|',
  xor: '^',
  and: '&',
  either: '||',
  both: '&&',
  lt: '<',
  gt: '>',
  le: '<=',
  ge: '>=',
  eq: '==',
  ne: '!=',
};
/** opcode → [kind of the operands, operator] */
const BINARY = {
  128: ['u', 'add'],
  129: ['f', 'add'],
  130: ['u', 'sub'],
  131: ['f', 'sub'],
  132: ['u', 'mul'],
  133: ['f', 'mul'],
  134: ['u', 'div'],
  135: ['i', 'div'],
  136: ['f', 'div'],
  137: ['u', 'mod'],
  138: ['i', 'mod'],
  164: ['b', 'eq'],
  165: ['b', 'ne'],
  166: ['b', 'either'],
  167: ['b', 'both'],
  170: ['u', 'eq'],
  171: ['u', 'ne'],
  172: ['u', 'gt'],
  173: ['i', 'gt'],
  174: ['u', 'ge'],
  175: ['i', 'ge'],
  176: ['u', 'lt'],
  177: ['i', 'lt'],
  178: ['u', 'le'],
  179: ['i', 'le'],
  180: ['f', 'eq'],
  182: ['f', 'ne'],
  183: ['f', 'ne'],
  184: ['f', 'lt'],
  186: ['f', 'gt'],
  188: ['f', 'le'],
  190: ['f', 'ge'],
  194: ['u', 'shr'],
  195: ['i', 'shr'],
  196: ['u', 'shl'],
  197: ['u', 'or'],
  198: ['u', 'xor'],
  199: ['u', 'and'],
};
/** Subgroup shuffles: by a lane, by a mask, up and down. */
const SHUFFLES = { 345: '', 346: '_xor', 347: '_up', 348: '_down' };
const EXT = {
  1: 'rintf',
  2: 'rintf',
  3: 'truncf',
  4: 'fabsf',
  5: 'abs',
  8: 'floorf',
  9: 'ceilf',
  13: '__sinf',
  14: '__cosf',
  26: '__powf',
  27: '__expf',
  28: '__logf',
  29: 'exp2f',
  30: '__log2f',
  31: 'sqrtf',
  32: 'rsqrtf',
  37: 'fminf',
  38: 'min',
  39: 'min',
  40: 'fmaxf',
  41: 'max',
  42: 'max',
  50: 'fmaf',
  79: 'fminf',
  80: 'fmaxf',
};
const ATOMIC = {
  234: 'atomicAdd',
  235: 'atomicSub',
  236: 'atomicMin',
  237: 'atomicMin',
  238: 'atomicMax',
  239: 'atomicMax',
  240: 'atomicAnd',
  241: 'atomicOr',
  242: 'atomicXor',
  229: 'atomicExch',
};
const BUILTIN = {
  24: 'gridDim',
  26: 'blockIdx',
  27: 'threadIdx', // NumWorkgroups, WorkgroupId, LocalInvocationId
};
const XYZW = ['x', 'y', 'z', 'w'];
const PRELUDE = `#include <cuda_runtime.h>
#include <cuda_fp16.h>
typedef unsigned int uint;
struct bool2 { bool x, y; };
struct bool3 { bool x, y, z; };
struct bool4 { bool x, y, z, w; };
struct half2_ { __half x, y; };
struct half3 { __half x, y, z; };
struct __align__(8) half4 { __half x, y, z, w; };
template <class T, class F> __device__ __forceinline__ T bits(F from) {
  T to;
  static_assert(sizeof(T) == sizeof(F), "");
  memcpy(&to, &from, sizeof(T));
  return to;
}
`;

export function spirvToCuda(words, { robust = false, name = 'kernel' } = {}) {
  const types = new Map();
  const constants = new Map();
  const typeOf = new Map();
  const decorations = new Map();
  const memberOffsets = new Map();
  const variables = [];
  const functions = [];
  let glsl = 0;
  let size = [1, 1, 1];
  let entry = 0;
  let current = 0;
  const decoration = (id, which) => decorations.get(id)?.get(which);

  const instructions = [];
  for (let at = 5; at < words.length; ) {
    const length = words[at] >>> 16;
    instructions.push({ op: words[at] & 0xffff, w: words.subarray(at + 1, at + length) });
    at += length;
  }

  // ---- Declarations.
  for (const { op, w } of instructions) {
    if (op === 11) glsl = w[0];
    else if (op === 15) entry = w[1];
    else if (op === 16 && w[1] === 17) size = [...w.subarray(2, 5)];
    else if (op === 71) {
      if (!decorations.has(w[0])) decorations.set(w[0], new Map());
      decorations.get(w[0]).set(w[1], w[2] ?? true);
    } else if (op === 72) {
      if (w[2] === 35) {
        if (!memberOffsets.has(w[0])) memberOffsets.set(w[0], []);
        memberOffsets.get(w[0])[w[1]] = w[3];
      }
    } else if (op >= 19 && op <= 33) types.set(w[0], { id: w[0], op, args: [...w.subarray(1)] });
    else if ((op >= 41 && op <= 51) || op === 1) {
      typeOf.set(w[1], w[0]);
      constants.set(w[1], { op, args: [...w.subarray(2)] });
    } else if (op === 54) {
      current = w[1];
      functions.push({ id: current, returns: w[0], parameters: [], blocks: [], callees: new Set() });
    } else if (op === 55) {
      typeOf.set(w[1], w[0]);
      functions.at(-1).parameters.push(w[1]);
    } else if (op === 56) current = 0;
    else if (op === 59) {
      typeOf.set(w[1], w[0]);
      variables.push({ id: w[1], pointer: types.get(w[0]), storage: w[2], initial: w[3], within: current });
    }
    if (current !== 0) {
      if (op === 248) functions.at(-1).blocks.push({ label: w[0], body: [] });
      else if (op !== 54 && op !== 55 && op !== 59) functions.at(-1).blocks.at(-1).body.push({ op, w });
      if (op === 57) functions.at(-1).callees.add(w[2]);
      if (hasResult(op) && op !== 54 && op !== 55) typeOf.set(w[1], w[0]);
    }
  }

  // ---- Types.
  const type = (id) => types.get(id);
  const kindOf = (t) => {
    if (t.op === 20) return 'b';
    if (t.op === 21) return t.args[1] ? 'i' : 'u';
    if (t.op === 22) return t.args[0] === 16 ? 'h' : 'f';
    if (t.op === 23) return kindOf(type(t.args[0]));
    return null;
  };
  const widthOf = (t) => (t.op === 23 ? t.args[1] : 1);
  const scalarName = { b: 'bool', i: 'int', u: 'uint', f: 'float', h: '__half' };
  const vectorName = { b: 'bool', i: 'int', u: 'uint', f: 'float', h: 'half' };
  const sizeOf = (t) => {
    if (t.op === 20) return 1;
    if (t.op === 21 || t.op === 22) return t.args[0] / 8;
    if (t.op === 23) return t.args[1] * sizeOf(type(t.args[0]));
    if (t.op === 28) return lengthOf(t) * strideOf(t);
    if (t.op === 30) return t.args.length === 0 ? 0 : lastEnd(t);
    throw new Error(`size of type ${t.op}`);
  };
  const lastEnd = (t) => {
    const offsets = memberOffsets.get(t.id);
    if (offsets === undefined) return t.args.reduce((sum, m) => sum + sizeOf(type(m)), 0);
    const end = offsets.at(-1) + sizeOf(type(t.args.at(-1)));
    return end;
  };
  const lengthOf = (t) => constants.get(t.args[1]).args[0];
  const strideOf = (t) => decoration(t.id, 6) ?? sizeOf(type(t.args[0]));
  const typeText = [];
  const named = new Set();
  const cType = (id) => {
    const t = type(id);
    if (t.op === 19) return 'void';
    const kind = kindOf(t);
    if (kind !== null) {
      const width = widthOf(t);
      if (width === 1) return scalarName[kind];
      if (kind === 'h' && width === 2) return 'half2_';
      return `${vectorName[kind]}${width}`;
    }
    const cName = `${t.op === 30 ? 'S' : 'A'}${id}`;
    if (named.has(id)) return cName;
    named.add(id);
    if (t.op === 28) typeText.push(`struct ${cName} { ${cType(t.args[0])} e[${lengthOf(t)}]; };`);
    else if (t.op === 30) {
      const members = t.args.flatMap((m, i) => (type(m).op === 29 ? [] : [`${cType(m)} m${i};`]));
      typeText.push(`struct ${cName} { ${members.join(' ')} };`);
    } else throw new Error(`C type of ${t.op}`);
    return cName;
  };

  // ---- Values.
  const literal = (id) => {
    const { op, args } = constants.get(id);
    const t = type(typeOf.get(id));
    const kind = kindOf(t);
    if (op === 41 || op === 48) return 'true';
    if (op === 42 || op === 49) return 'false';
    if (op === 46 || op === 1) return `${cType(t.id)}{}`;
    if (op === 44 || op === 51) {
      return `${cType(t.id)}{${t.op === 28 ? '{' : ''}${args.map(value).join(', ')}${t.op === 28 ? '}' : ''}}`;
    }
    const [word] = args;
    if (kind === 'u') return `${word >>> 0}u`;
    if (kind === 'i') return (word | 0) === -(2 ** 31) ? '(-2147483647 - 1)' : `${word | 0}`;
    if (kind === 'h') return `__ushort_as_half(${word & 0xffff})`;
    const float = new Float32Array(Uint32Array.of(word).buffer)[0];
    if (!Number.isFinite(float)) return `__int_as_float(0x${(word >>> 0).toString(16)})`;
    const text = `${float}`;
    return `${/[.e]/.test(text) ? text : `${text}.0`}f`;
  };
  const value = (id) => (constants.has(id) ? literal(id) : `v${id}`);
  const part = (text, t, i) => (widthOf(t) === 1 ? text : `${text}.${XYZW[i]}`);
  const as = (kind, text, from) => {
    if (kind === from || kind === null || from === null || kind === 'f' || kind === 'b' || kind === 'h') return text;
    return kind === 'i' ? `int(${text})` : `uint(${text})`;
  };
  const build = (typeId, part) => {
    const t = type(typeId);
    const parts = Array.from({ length: widthOf(t) }, (_, i) => part(i));
    return parts.length === 1 ? parts[0] : `${cType(typeId)}{${parts.join(', ')}}`;
  };

  // ---- Places.
  const places = new Map();
  for (const { id, pointer, storage } of variables) {
    const pointee = type(pointer.args[1]);
    if (storage === 12) places.set(id, { text: `(*b${id})`, type: pointee, root: id, storage, check: null });
    else if (storage === 2) places.set(id, { text: `b${id}`, type: pointee, root: id, storage, check: null });
    else places.set(id, { text: `v${id}`, type: pointee, root: id, storage, check: null });
  }
  const readOnly = (id) => decoration(id, 24) !== undefined;
  const walk = (base, indices) => {
    let { text, type: t, check } = base;
    const { root, storage } = base;
    for (const index of indices) {
      if (t.op === 30) {
        const member = constants.get(index).args[0];
        const next = type(t.args[member]);
        if (next.op === 29) {
          const offset = memberOffsets.get(t.id)?.[member] ?? 0;
          const constness = readOnly(root) ? 'const ' : '';
          text = `((${constness}${cType(next.args[0])}*)((${constness}char*)b${root} + ${offset}))`;
        } else text = `${text}.m${member}`;
        t = next;
      } else if (t.op === 29) {
        check = `${value(index)} < n${root}`;
        text = `${text}[${value(index)}]`;
        t = type(t.args[0]);
      } else if (t.op === 28) {
        text = `${text}.e[${value(index)}]`;
        t = type(t.args[0]);
      } else {
        text = constants.has(index)
          ? `${text}.${XYZW[constants.get(index).args[0] ?? 0]}`
          : `((${scalarName[kindOf(t)]}*)&${text})[${value(index)}]`;
        t = type(t.args[0]);
      }
    }
    return { text, type: t, root, storage, check };
  };

  for (const { parameters } of functions) {
    for (const id of parameters) {
      const of = type(typeOf.get(id));
      if (of.op === 32)
        places.set(id, { text: `v${id}`, type: type(of.args[1]), root: id, storage: of.args[0], check: null });
    }
  }

  // ---- Code.
  let declared;
  let lines;
  let phis;
  const define = (typeId, id, text) => {
    typeOf.set(id, typeId);
    declared.push(`${cType(typeId)} v${id};`);
    lines.push(`  v${id} = ${text};`);
  };
  const t = (id) => type(typeOf.get(id));
  const leave = (from, to) => {
    for (const phi of phis) {
      if (phi.label !== to) continue;
      const pair = phi.from.find(([, parent]) => parent === from);
      lines.push(`  i${phi.id} = ${value(pair[0])};`);
    }
  };
  const guarded = (place, text) =>
    robust && place.storage === 12 && place.check !== null
      ? `(${place.check} ? ${text} : ${cType(place.type.id)}{})`
      : text;
  const guardStore = (place) => (robust && place.storage === 12 && place.check !== null ? `if (${place.check}) ` : '');
  const place = (id) => {
    const found = places.get(id);
    if (found === undefined) throw new Error(`no place ${id}`);
    return found;
  };

  const emit = ({ blocks }) => {
    declared = [];
    lines = [`  goto L${blocks[0].label};`];
    phis = [];
    for (const { label, body } of blocks) {
      for (const { op, w } of body)
        if (op === 245) phis.push({ label, id: w[1], type: w[0], from: pairs(w.subarray(2)) });
    }
    for (const phi of phis) declared.push(`${cType(phi.type)} i${phi.id};`);
    for (const { label, body } of blocks) {
      lines.push(`L${label}:;`);
      for (const { op, w } of body) {
        const [rt, id] = w;
        if (op in BINARY) {
          const [kind, operator] = BINARY[op];
          const [a, b] = [w[2], w[3]];
          const resultKind = kindOf(type(rt));
          define(
            rt,
            id,
            build(rt, (i) => {
              const left = as(kind, part(value(a), t(a), i), kindOf(t(a)));
              const right = as(kind, part(value(b), t(b), i), kindOf(t(b)));
              return as(resultKind, `(${left} ${OPS[operator]} ${right})`, resultKind === 'b' ? 'b' : kind);
            }),
          );
          continue;
        }
        switch (op) {
          case 8:
          case 317:
          case 246:
          case 247:
          case 225:
          case 0:
            break; // lines, merges, memory barriers
          case 245: // a phi: what the block before left
            declared.push(`${cType(rt)} v${id};`);
            lines.push(`  v${id} = i${id};`);
            break;
          case 61: {
            const from = place(w[2]);
            if (from.storage === 1) define(rt, id, builtin(decoration(from.root, 11), rt));
            else define(rt, id, guarded(from, from.text));
            break;
          }
          case 62: {
            const to = place(w[0]);
            lines.push(`  ${guardStore(to)}${to.text} = ${value(w[1])};`);
            break;
          }
          case 65:
          case 66:
            places.set(id, walk(place(w[2]), w.subarray(3)));
            break;
          case 68:
            define(rt, id, `n${w[2]}`);
            break;
          case 77:
            define(rt, id, `((${scalarName[kindOf(t(w[2]))]}*)&${value(w[2])})[${value(w[3])}]`);
            break;
          case 78:
            define(rt, id, value(w[2]));
            lines.push(`  ((${scalarName[kindOf(t(w[2]))]}*)&v${id})[${value(w[4])}] = ${value(w[3])};`);
            break;
          case 79: {
            const width = widthOf(t(w[2]));
            define(
              rt,
              id,
              build(rt, (i) => {
                const at = w[4 + i];
                return at < width ? part(value(w[2]), t(w[2]), at) : part(value(w[3]), t(w[3]), at - width);
              }),
            );
            break;
          }
          case 80: {
            const result = type(rt);
            const parts = [...w.subarray(2)].flatMap((x) =>
              result.op === 23 && widthOf(t(x)) > 1
                ? Array.from({ length: widthOf(t(x)) }, (_, i) => part(value(x), t(x), i))
                : [value(x)],
            );
            const inner = parts.join(', ');
            define(rt, id, result.op === 28 ? `${cType(rt)}{{${inner}}}` : `${cType(rt)}{${inner}}`);
            break;
          }
          case 81:
            define(rt, id, w.subarray(3).reduce((x, i) => member(x, i), { text: value(w[2]), type: t(w[2]) }).text);
            break;
          case 82: {
            define(rt, id, value(w[3]));
            const target = w.subarray(4).reduce((x, i) => member(x, i), { text: `v${id}`, type: type(rt) });
            lines.push(`  ${target.text} = ${value(w[2])};`);
            break;
          }
          case 83:
          case 400:
            define(rt, id, value(w[2]));
            break;
          case 109:
            define(
              rt,
              id,
              build(rt, (i) => `uint(${part(value(w[2]), t(w[2]), i)})`),
            );
            break;
          case 110:
            define(
              rt,
              id,
              build(rt, (i) => `int(${part(value(w[2]), t(w[2]), i)})`),
            );
            break;
          case 111:
          case 112:
            define(
              rt,
              id,
              build(rt, (i) => `float(${part(value(w[2]), t(w[2]), i)})`),
            );
            break;
          case 115:
            define(
              rt,
              id,
              build(rt, (i) => {
                const x = part(value(w[2]), t(w[2]), i);
                return kindOf(type(rt)) === 'h' ? `__float2half(${x})` : `__half2float(${x})`;
              }),
            );
            break;
          case 124:
            define(
              rt,
              id,
              widthOf(type(rt)) === widthOf(t(w[2]))
                ? build(rt, (i) => `bits<${scalarName[kindOf(type(rt))]}>(${part(value(w[2]), t(w[2]), i)})`)
                : `bits<${cType(rt)}>(${value(w[2])})`,
            );
            break;
          case 126:
          case 127:
            define(
              rt,
              id,
              build(rt, (i) => `-${part(value(w[2]), t(w[2]), i)}`),
            );
            break;
          case 142:
            define(
              rt,
              id,
              build(rt, (i) => `${part(value(w[2]), t(w[2]), i)} * ${value(w[3])}`),
            );
            break;
          case 148: {
            const width = widthOf(t(w[2]));
            let text = `${value(w[2])}.x * ${value(w[3])}.x`;
            for (let i = 1; i < width; i++)
              text = `fmaf(${value(w[2])}.${XYZW[i]}, ${value(w[3])}.${XYZW[i]}, ${text})`;
            define(rt, id, text);
            break;
          }
          case 154:
          case 155:
            define(
              rt,
              id,
              Array.from({ length: widthOf(t(w[2])) }, (_, i) => part(value(w[2]), t(w[2]), i)).join(
                op === 154 ? ' || ' : ' && ',
              ),
            );
            break;
          case 156:
            define(
              rt,
              id,
              build(rt, (i) => `isnan(${part(value(w[2]), t(w[2]), i)})`),
            );
            break;
          case 168:
            define(
              rt,
              id,
              build(rt, (i) => `!${part(value(w[2]), t(w[2]), i)}`),
            );
            break;
          case 169:
            define(
              rt,
              id,
              kindOf(type(rt)) === null
                ? `${value(w[2])} ? ${value(w[3])} : ${value(w[4])}`
                : build(
                    rt,
                    (i) =>
                      `(${part(value(w[2]), t(w[2]), i)} ? ${part(value(w[3]), t(w[3]), i)} : ${part(value(w[4]), t(w[4]), i)})`,
                  ),
            );
            break;
          case 200:
            define(
              rt,
              id,
              build(rt, (i) => `~${part(value(w[2]), t(w[2]), i)}`),
            );
            break;
          case 203:
            define(
              rt,
              id,
              build(
                rt,
                (i) => `((${part(value(w[2]), t(w[2]), i)} >> ${value(w[3])}) & ((1u << ${value(w[4])}) - 1u))`,
              ),
            );
            break;
          case 205:
            define(
              rt,
              id,
              build(rt, (i) => `uint(__popc(${part(value(w[2]), t(w[2]), i)}))`),
            );
            break;
          case 12: {
            if (w[2] !== glsl) throw new Error('an unknown extended instruction set');
            const args = w.subarray(4);
            const all = (i) => [...args].map((x) => part(value(x), t(x), i));
            if (w[3] === 52) {
              // frexp: { fract, exp }
              define(rt, id, `${cType(rt)}{}`);
              lines.push(`  v${id}.m0 = frexpf(${value(args[0])}, &v${id}.m1);`);
            } else if (w[3] === 43 || w[3] === 81)
              define(
                rt,
                id,
                build(rt, (i) => `fminf(fmaxf(${all(i)[0]}, ${all(i)[1]}), ${all(i)[2]})`),
              );
            else if (w[3] === 44 || w[3] === 45)
              define(
                rt,
                id,
                build(rt, (i) => `min(max(${all(i)[0]}, ${all(i)[1]}), ${all(i)[2]})`),
              );
            else if (w[3] === 46)
              define(
                rt,
                id,
                build(rt, (i) => `fmaf(${all(i)[2]}, ${all(i)[1]} - ${all(i)[0]}, ${all(i)[0]})`),
              );
            else if (w[3] === 10)
              define(
                rt,
                id,
                build(rt, (i) => `(${all(i)[0]} - floorf(${all(i)[0]}))`),
              );
            else if (w[3] === 50 && kindOf(type(rt)) === 'h')
              define(
                rt,
                id,
                build(rt, (i) => `__hfma(${all(i).join(', ')})`),
              );
            else if (w[3] === 53)
              define(
                rt,
                id,
                build(rt, (i) => `ldexpf(${all(i).join(', ')})`),
              );
            else if (w[3] === 66)
              define(
                rt,
                id,
                `sqrtf(${Array.from({ length: widthOf(t(args[0])) }, (_, i) => `${part(value(args[0]), t(args[0]), i)} * ${part(value(args[0]), t(args[0]), i)}`).join(' + ')})`,
              );
            else if (w[3] === 75)
              define(
                rt,
                id,
                build(rt, (i) => `uint(31 - __clz(${all(i)[0]}))`),
              );
            else if (w[3] in EXT)
              define(
                rt,
                id,
                build(rt, (i) => `${EXT[w[3]]}(${all(i).join(', ')})`),
              );
            else throw new Error(`GLSL.std.450 ${w[3]}`);
            break;
          }
          case 224:
            lines.push('  __syncthreads();');
            break;
          case 227:
            define(rt, id, guarded(place(w[2]), `*(volatile ${cType(rt)}*)&${place(w[2]).text}`));
            break;
          case 228:
            lines.push(
              `  ${guardStore(place(w[0]))}*(volatile ${cType(place(w[0]).type.id)}*)&${place(w[0]).text} = ${value(w[3])};`,
            );
            break;
          case 230:
            define(rt, id, `atomicCAS(&${place(w[2]).text}, ${value(w[7])}, ${value(w[6])})`);
            break;
          case 229:
          case 234:
          case 235:
          case 236:
          case 237:
          case 238:
          case 239:
          case 240:
          case 241:
          case 242:
            define(rt, id, guarded(place(w[2]), `${ATOMIC[op]}(&${place(w[2]).text}, ${value(w[5])})`));
            break;
          case 249:
            leave(label, w[0]);
            lines.push(`  goto L${w[0]};`);
            break;
          case 250: {
            lines.push(`  if (${value(w[0])}) {`);
            leave(label, w[1]);
            lines.push(`  goto L${w[1]}; } else {`);
            leave(label, w[2]);
            lines.push(`  goto L${w[2]}; }`);
            break;
          }
          case 251: {
            lines.push(`  switch (${value(w[0])}) {`);
            for (const [literal, target] of pairs(w.subarray(2))) {
              lines.push(`  case ${literal}u: {`);
              leave(label, target);
              lines.push(`  goto L${target}; }`);
            }
            lines.push('  default: {');
            leave(label, w[1]);
            lines.push(`  goto L${w[1]}; } }`);
            break;
          }
          case 252:
          case 253:
          case 255:
            lines.push('  return;');
            break;
          case 333:
            define(rt, id, 'subgroup_elect()');
            break;
          case 337:
            define(
              rt,
              id,
              build(rt, (i) => `__shfl_sync(~0u, ${part(value(w[3]), t(w[3]), i)}, ${value(w[4])})`),
            );
            break;
          case 338:
            define(
              rt,
              id,
              build(rt, (i) => `__shfl_sync(~0u, ${part(value(w[3]), t(w[3]), i)}, 0)`),
            );
            break;
          case 339:
            define(rt, id, `uint4{__ballot_sync(~0u, ${value(w[3])}), 0, 0, 0}`);
            break;
          case 345:
          case 346:
          case 347:
          case 348:
            define(
              rt,
              id,
              build(rt, (i) => `__shfl${SHUFFLES[op]}_sync(~0u, ${part(value(w[3]), t(w[3]), i)}, ${value(w[4])})`),
            );
            break;
          case 57: {
            const args = [...w.subarray(3)].map((x) => (places.has(x) ? place(x).text : value(x)));
            const text = `f${w[2]}(${[...resources.map(({ name }) => name), ...args].join(', ')})`;
            if (type(rt).op === 19) lines.push(`  ${text};`);
            else define(rt, id, text);
            break;
          }
          case 254:
            lines.push(`  return ${value(w[0])};`);
            break;
          case 4450:
            // OpSDot of words that hold four bytes.
            define(rt, id, `__dp4a(int(${value(w[2])}), int(${value(w[3])}), 0)`);
            break;
          default:
            throw new Error(`SPIR-V opcode ${op}`);
        }
      }
    }
    return { declared, lines };
  };

  function member({ text, type: of }, i) {
    if (of.op === 30) return { text: `${text}.m${i}`, type: type(of.args[i]) };
    if (of.op === 28) return { text: `${text}.e[${i}]`, type: type(of.args[0]) };
    return { text: `${text}.${XYZW[i]}`, type: type(of.args[0]) };
  }
  function builtin(which, rt) {
    if (which in BUILTIN) return build(rt, (i) => `${BUILTIN[which]}.${XYZW[i]}`);
    if (which === 28) return build(rt, (i) => `(blockIdx.${XYZW[i]} * ${size[i]}u + threadIdx.${XYZW[i]})`);
    if (which === 29) return localIndex;
    if (which === 36) return '32u';
    if (which === 38) return `${Math.ceil(threads / 32)}u`;
    if (which === 40) return `(${localIndex} / 32u)`;
    if (which === 41) return `(${localIndex} % 32u)`;
    throw new Error(`builtin ${which}`);
  }

  // ---- Resources: parameters of the kernel and of every function.
  const resources = [];
  const shared = [];
  const zeroing = [];
  const threads = size[0] * size[1] * size[2];
  const localIndex =
    size[1] * size[2] === 1 ? 'threadIdx.x' : `(threadIdx.x + ${size[0]}u * (threadIdx.y + ${size[1]}u * threadIdx.z))`;
  for (const { id, pointer, storage, initial, within } of variables) {
    const pointee = pointer.args[1];
    if (within !== 0 || storage === 1) continue;
    const name = cType(pointee);
    if (storage === 12) {
      const constness = readOnly(id) ? 'const ' : '';
      resources.push({
        name: `b${id}`,
        kernel: `${constness}${name}* __restrict__ b${id}`,
        own: `${constness}${name}* b${id}`,
      });
      resources.push({ name: `n${id}`, kernel: `uint n${id}`, own: `uint n${id}` });
    } else if (storage === 2) {
      resources.push({
        name: `b${id}`,
        kernel: `const __grid_constant__ ${name} b${id}`,
        own: `const ${name}& b${id}`,
      });
    } else {
      resources.push({ name: `v${id}`, own: `${name}& v${id}` });
      shared.push(`  ${storage === 4 ? `__shared__ ${alignOf(pointee)}` : ''}${name} v${id};`);
      if (initial === undefined) continue;
      const bytes = sizeOf(type(pointee));
      // As drivers do for VK_KHR_zero_initialize_workgroup_memory.
      if (storage !== 4) zeroing.push(`  v${id} = ${value(initial)};`);
      else if (bytes % 16 === 0) {
        zeroing.push(`  for (uint z = thread; z < ${bytes / 16}u; z += ${threads}u) ((uint4*)&v${id})[z] = uint4{};`);
      } else zeroing.push(`  for (uint z = thread; z < ${bytes / 4}u; z += ${threads}u) ((uint*)&v${id})[z] = 0u;`);
    }
  }
  function alignOf(id) {
    let of = type(id);
    while (of.op === 28) of = type(of.args[0]);
    return of.op === 23 && of.args[1] === 4 ? '__align__(16) ' : '';
  }

  // ---- Functions, callees first.
  const written = [];
  const done = new Set();
  const write = (f) => {
    if (done.has(f.id)) return;
    done.add(f.id);
    for (const callee of f.callees) write(functions.find(({ id }) => id === callee));
    const { declared, lines } = emit(f);
    const own = variables
      .filter(({ within }) => within === f.id)
      .map(
        ({ id, pointer, initial }) =>
          `  ${cType(pointer.args[1])} v${id}${initial === undefined ? '' : ` = ${value(initial)}`};`,
      );
    const parameters = f.parameters.map((id) => {
      const of = t(id);
      return of.op === 32 ? `${cType(of.args[1])}& v${id}` : `${cType(of.id)} v${id}`;
    });
    const isEntry = f.id === entry;
    written.push(
      isEntry
        ? `extern "C" __global__ void __launch_bounds__(${threads}) ${name}(${resources.flatMap(({ kernel }) => kernel ?? []).join(', ')}) {`
        : `__device__ __forceinline__ ${cType(f.returns)} f${f.id}(${[...resources.map(({ own }) => own), ...parameters].join(', ')}) {`,
      ...(isEntry ? shared : []),
      ...own,
      ...declared.map((line) => `  ${line}`),
      ...(isEntry && zeroing.length > 0
        ? [`  { uint thread = ${localIndex};`, ...zeroing, '  __syncthreads(); }']
        : []),
      ...lines,
      '}',
    );
  };
  write(functions.find(({ id }) => id === entry));
  return { code: `${[PRELUDE, ...typeText, ...written].join('\n')}\n`, threads };
}

function pairs(words) {
  return Array.from({ length: words.length / 2 }, (_, i) => [words[2 * i], words[2 * i + 1]]);
}

/** Whether an opcode of a function's body has a result type and id. */
function hasResult(op) {
  if (op === 62 || op === 63 || op === 224 || op === 225 || op === 228 || op === 8 || op === 317 || op === 0)
    return false;
  return !(op >= 246 && op <= 255);
}
