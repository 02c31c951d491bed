/** Machine code as text (NVIDIA's SASS from nvdisasm, AMD's from RADV/ACO, Intel's from ANV) into blocks, loops and counts by class. */

/** Classes of instructions, in the order of the tables. */
const CLASSES = [
  'fma',
  'fp',
  'int',
  'imul',
  'sfu',
  'move',
  'scalar',
  'lds',
  'sts',
  'ldg',
  'stg',
  'atom',
  'const',
  'bar',
  'branch',
  'wait',
  'spill',
  'shfl',
  'other',
];

const SASS = [
  [/^(FFMA|HFMA2(?!\.MMA)|DFMA|FFMA2)/, 'fma'],
  [/^(HMMA|IMMA|HGMMA|QGMMA)/, 'fma'],
  [/^(HFMA2\.MMA|IMAD\.MOV|MOV|MOV32I|CS2R|S2R|S2UR|R2UR|UMOV|IMAD\.U32)/, 'move'],
  [/^(FADD|FMUL|FADD32I|FMUL32I|HADD2|HMUL2)/, 'fp'],
  [/^(FSETP|FSEL|FMNMX|FSET|FCHK)/, 'int'], // the same pipe as integers, at half the rate
  [/^(IMAD|XMAD|IDP|UIMAD)/, 'imul'],
  [/^(MUFU|I2F|F2I|F2F|FRND|POPC|FLO|BREV|I2FP|F2FP)/, 'sfu'],
  [/^(LDSM|LDS|LDS32)/, 'lds'],
  [/^STS/, 'sts'],
  [/^(LDL|STL)/, 'spill'],
  [/^(LDG|LD\b|LD\.)/, 'ldg'],
  [/^(STG|ST\b|ST\.)/, 'stg'],
  [/^(ATOM|RED|ATOMS|ATOMG)/, 'atom'],
  [/^(LDC|ULDC)/, 'const'],
  [/^(BAR|MEMBAR|ERRBAR|CCTL|FENCE|DEPBAR|WARPSYNC)/, 'bar'],
  [/^(BRA|BRX|BSSY|BSYNC|EXIT|RET|CALL|NOP|BMOV|BREAK|YIELD|KILL|JMP)/, 'branch'],
  [/^SHFL/, 'shfl'],
  [/^U[A-Z]/, 'scalar'],
  [
    /^(IADD3|ISETP|LOP3|SHF|LEA|SEL|PRMT|IABS|IMNMX|VIMNMX|VIADDMNMX|PLOP3|P2R|R2P|SGXT|BMSK|VOTE|VOTEU|LOP|SHL|SHR|VIADD|ISCADD|FLO|VABSDIFF)/,
    'int',
  ],
];
const ACO = [
  [
    /^v_(pk_)?(fma|fmac|mac|mad|dot\d)\w*_(f32|f16|legacy|f32_e32|i32_i8)?.*/,
    'fma',
    (m) => !/_(u|i)(16|24|32|64)|u64|i64|u32|i32/.test(m),
  ],
  [/^v_(mul_lo|mul_hi|mad_u64|mad_i64)/, 'imul'],
  [/^v_(rcp|rsq|sqrt|exp|log|sin|cos)/, 'sfu'],
  [/^v_(mov|readfirstlane|readlane|writelane|accvgpr|swap)/, 'move'],
  [/^v_lshrrev_b64$/, 'move', (_, line) => /v_lshrrev_b64 v\[\d+:\d+\], 0, /.test(line)],
  [/^v_(pk_)?(add|sub|subrev|mul)_f(32|16)/, 'fp'],
  [/^v_/, 'int'],
  [/^ds_(read|load)/, 'lds'],
  [/^ds_(write|store)/, 'sts'],
  [/^ds_(bpermute|permute|swizzle)/, 'shfl'],
  [/^ds_/, 'atom'],
  [/^(scratch|buffer_(load|store)_\w+ .*scratch)/, 'spill'],
  [/^(buffer|global|flat)_atomic/, 'atom'],
  [/^(buffer|global|flat)_load/, 'ldg'],
  [/^(buffer|global|flat)_store/, 'stg'],
  [/^s_(load|buffer_load)/, 'const'],
  [/^s_barrier/, 'bar'],
  [/^s_(branch|cbranch|endpgm|setpc|subvector)/, 'branch'],
  [/^s_(waitcnt|clause|nop|inst_prefetch|delay_alu|sleep|wait_)/, 'wait'],
  [/^s_/, 'scalar'],
];

function classify(table, mnemonic, line) {
  for (const [pattern, name, also] of table) {
    if (pattern.test(mnemonic) && (also === undefined || also(mnemonic, line))) return name;
  }
  return 'other';
}

/** → [{ at, mnemonic, cls, bytes, target, conditional, ends }] */
function readSass(text) {
  const list = [];
  for (const line of text.split('\n')) {
    const match = /^[\s{]+\/\*([0-9a-f]{4,})\*\/\s+(@!?U?P\w+\s+)?([A-Z][\w.]*)(.*?)[;}]/.exec(line);
    if (match === null) continue;
    const [, at, predicate, mnemonic, rest] = match;
    const cls = classify(SASS, mnemonic);
    let target;
    if (/^(BRA|JMP)/.test(mnemonic)) target = Number.parseInt(/0x([0-9a-f]+)\s*$/.exec(rest.trim())?.[1], 16);
    const ends = target !== undefined || /^(EXIT|RET|BRX|BSYNC|BREAK)/.test(mnemonic);
    const width = /\.128/.test(mnemonic) ? 16 : /\.64/.test(mnemonic) ? 8 : 4;
    // BRA P1, x is conditional as well.
    const conditional = predicate !== undefined || /^\s*!?U?P\d/.test(rest);
    list.push({
      at: Number.parseInt(at, 16),
      mnemonic,
      cls,
      bytes: width,
      target,
      conditional,
      ends,
      text: line.trim(),
    });
  }
  // The self-loop after the end.
  const last = list.findIndex(({ mnemonic, target, at }) => mnemonic === 'BRA' && target === at);
  return last === -1 ? list : list.slice(0, last);
}

function readAco(text) {
  const list = [];
  const labels = new Map();
  let at = 0;
  for (const line of text.split('\n')) {
    const label = /^BB(\d+):/.exec(line);
    if (label !== null) {
      labels.set(`BB${label[1]}`, at);
      continue;
    }
    const match = /^\s+([a-z]\w*)\s*(.*?)\s*(;.*)?$/.exec(line);
    if (match === null || match[1].startsWith('BB')) continue;
    const [, mnemonic, rest] = match;
    const cls = classify(ACO, mnemonic, line);
    const target = /^s_(c?branch)/.test(mnemonic) ? /BB\d+/.exec(rest)?.[0] : undefined;
    const width = /(b128|dwordx4|x4)/.test(mnemonic)
      ? 16
      : /(b96|dwordx3)/.test(mnemonic)
        ? 12
        : /(b64|dwordx2|read2|write2)/.test(mnemonic)
          ? 8
          : 4;
    list.push({
      at,
      mnemonic,
      cls,
      bytes: width,
      target,
      conditional: /cbranch/.test(mnemonic),
      ends: /^s_(c?branch|endpgm)/.test(mnemonic),
      text: line.trim(),
    });
    at++;
  }
  for (const i of list) if (i.target !== undefined) i.target = labels.get(i.target);
  return list;
}

/** Intel's: what a send does stands in the line after it. */
function readGen(text) {
  const list = [];
  const labels = new Map();
  let at = 0;
  const lines = text.split('\n');
  lines.forEach((line, n) => {
    const label = /^(LABEL\d+):/.exec(line);
    if (label !== null) labels.set(label[1], at);
    const match = /^(\([-+~]?f[\d.a-z]+\)\s+)?(sync \w+|[a-z]\w*)((?:\.[a-z]\w*)*)\((\d+)\)\s*(.*)$/.exec(line);
    if (match === null) return;
    const [, , name, modifier, width, rest] = match;
    const message = /^sends?c?$/.test(name) ? (lines[n + 1] ?? '') : '';
    const { cls, bytes } = genClass(name, rest, message, Number(width));
    const target = /^(while|break|cont|if|else|endif|halt)$/.test(name)
      ? /JIP:\s*(LABEL\d+)/.exec(rest)?.[1]
      : undefined;
    const jumps = target !== undefined && name !== 'endif';
    list.push({
      at,
      mnemonic: `${name}${modifier}(${width})`,
      cls,
      bytes,
      target: jumps ? target : undefined,
      conditional: jumps && name !== 'else',
      ends: jumps,
      text: line.trim(),
    });
    at++;
  });
  for (const i of list) if (i.target !== undefined) i.target = labels.get(i.target);
  return list;
}

function genClass(name, rest, message, width) {
  const is = (cls, bytes = 0) => ({ cls, bytes });
  if (/^send/.test(name)) {
    const components = /Mask = 0x0|xyzw|V4\b/.test(message) ? 16 : 4;
    if (/OWORD block (read|write), bti 253|, V1, .* ss /.test(message)) return is('spill', 4);
    if (/barrier msg|fence/.test(message)) return is('bar');
    if (/atomic/.test(message)) return is('atom');
    const slm = /254|flat/.test(message);
    if (/write|store/.test(message)) return is(slm ? 'sts' : 'stg', components);
    if (/transpose|oword|OWORD|const/.test(message)) return is('const', components);
    return is(slm ? 'lds' : 'ldg', components);
  }
  if (/^(while|break|cont|if|else|endif|halt|jmpi|brc)$/.test(name)) return is('branch');
  if (/^sync|^nop/.test(name)) return is('wait');
  if (/^mov|^movi/.test(name)) return is('move');
  if (width === 1) return is('scalar');
  if (/^(mad|mac|dp4a)/.test(name)) return is(/<\d[^>]*>F/.test(rest) ? 'fma' : 'imul');
  if (/^(math|inv|log|exp|sqrt|rsq|sin|cos|pow|fdiv|intdiv|intmod)/.test(name)) return is('sfu');
  if (/^(mul|mach)$/.test(name)) return is(/<\d[^>]*>F/.test(rest) ? 'fp' : 'imul');
  if (/^(add|add3)$/.test(name)) return is(/<\d[^>]*>F/.test(rest) ? 'fp' : 'int');
  return is('int');
}

/** Loops as a tree: { name, depth, parent, instructions (without inner loops'), counts }. The first is the whole kernel. */
export function loopsOf(text, isa) {
  const list = { sass: readSass, aco: readAco, gen: readGen }[isa](text);
  const index = new Map(list.map((i, n) => [i.at, n]));
  const leaders = new Set([0]);
  list.forEach((i, n) => {
    if (i.target !== undefined && index.has(i.target)) leaders.add(index.get(i.target));
    if (i.ends) leaders.add(n + 1);
  });
  const starts = [...leaders].filter((n) => n < list.length).sort((a, b) => a - b);
  const blocks = starts.map((start, b) => ({ start, end: starts[b + 1] ?? list.length, next: [], previous: [] }));
  const blockAt = new Map(starts.map((start, b) => [start, b]));
  blocks.forEach((block, b) => {
    const last = list[block.end - 1];
    const add = (to) => {
      if (to === undefined || to >= blocks.length) return;
      block.next.push(to);
      blocks[to].previous.push(b);
    };
    if (last.target !== undefined) add(blockAt.get(index.get(last.target)));
    const falls =
      last.target === undefined ? !/^(EXIT|RET|s_endpgm)/.test(last.mnemonic) || last.conditional : last.conditional;
    if (falls) add(b + 1);
  });
  // Dominators, by iteration over bit sets.
  const all = new Set(blocks.keys());
  const dominators = blocks.map((_, b) => (b === 0 ? new Set([0]) : new Set(all)));
  for (let changed = true; changed; ) {
    changed = false;
    for (let b = 1; b < blocks.length; b++) {
      const from = blocks[b].previous.map((p) => dominators[p]);
      const next = new Set(from.length === 0 ? [] : [...from[0]].filter((x) => from.every((set) => set.has(x))));
      next.add(b);
      if (next.size !== dominators[b].size) {
        dominators[b] = next;
        changed = true;
      }
    }
  }
  const bodies = new Map();
  blocks.forEach((block, b) => {
    for (const head of block.next) {
      if (!dominators[b].has(head)) continue;
      const body = bodies.get(head) ?? new Set([head]);
      const stack = [b];
      while (stack.length > 0) {
        const x = stack.pop();
        if (body.has(x)) continue;
        body.add(x);
        stack.push(...blocks[x].previous);
      }
      bodies.set(head, body);
    }
  });
  const loops = [{ head: -1, body: all, name: 'kernel', depth: 0, parent: null }];
  for (const [head, body] of [...bodies].sort((a, b) => a[0] - b[0] || b[1].size - a[1].size)) {
    loops.push({ head, body, name: '', depth: 0, parent: null });
  }
  for (const loop of loops.slice(1)) {
    for (const outer of loops) {
      if (outer === loop || !outer.body.has(loop.head) || outer.body.size <= loop.body.size) continue;
      if (loop.parent === null || outer.body.size < loop.parent.body.size) loop.parent = outer;
    }
  }
  const children = new Map();
  for (const loop of loops.slice(1)) {
    const siblings = children.get(loop.parent) ?? [];
    siblings.push(loop);
    children.set(loop.parent, siblings);
    loop.name = loop.parent === loops[0] ? `${siblings.length}` : `${loop.parent.name}.${siblings.length}`;
    loop.depth = loop.parent.depth + 1;
  }
  return loops.map((loop) => {
    const own = [...loop.body].filter((b) => !(children.get(loop) ?? []).some(({ body }) => body.has(b)));
    const instructions = own.sort((a, b) => a - b).flatMap((b) => list.slice(blocks[b].start, blocks[b].end));
    return {
      name: loop.name,
      depth: loop.depth,
      parent: loop.parent?.name ?? null,
      instructions,
      counts: countsOf(instructions),
    };
  });
}

function countsOf(instructions) {
  const counts = Object.fromEntries(CLASSES.map((name) => [name, 0]));
  Object.assign(counts, { all: instructions.length, ldsBytes: 0, ldgBytes: 0, stsBytes: 0 });
  for (const { cls, bytes } of instructions) {
    counts[cls]++;
    if (cls === 'lds') counts.ldsBytes += bytes;
    if (cls === 'sts') counts.stsBytes += bytes;
    if (cls === 'ldg') counts.ldgBytes += bytes;
  }
  return counts;
}

export function sumCounts(weighted) {
  const total = {};
  for (const [weight, counts] of weighted)
    for (const [key, n] of Object.entries(counts)) total[key] = (total[key] ?? 0) + weight * n;
  return total;
}
