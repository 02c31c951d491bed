// The NVIDIA side: CUDA C++ to a cubin with nvcc, its machine code with nvdisasm, registers and spills as ptxas says.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Vulkan's precision: divisions and roots may be off by a few ulps. */
const FLAGS = [
  '-cubin',
  '-O3',
  '-prec-div=false',
  '-prec-sqrt=false',
  '-ftz=true',
  '-diag-suppress',
  '550,177',
  '-Xptxas',
  '-v',
];

/** Registers, threads, blocks and bytes of shared memory of a multiprocessor. */
const CHIPS = {
  sm_75: { registers: 65536, threads: 1024, blocks: 16, shared: 65536 },
  sm_80: { registers: 65536, threads: 2048, blocks: 32, shared: 167936 },
  sm_86: { registers: 65536, threads: 1536, blocks: 16, shared: 102400 },
  sm_89: { registers: 65536, threads: 1536, blocks: 24, shared: 102400 },
  sm_90: { registers: 65536, threads: 2048, blocks: 32, shared: 233472 },
};

export function nvdisasmPath(home) {
  for (const path of [process.env.NVDISASM, `${home}/.tools/usr/bin/nvdisasm`])
    if (path && existsSync(path)) return path;
  return spawnSync('nvdisasm', ['--version']).status === 0 ? 'nvdisasm' : null;
}

export function compileCuda(cuda, out, arch, threads, nvdisasm) {
  writeFileSync(`${out}.cu`, cuda);
  const { status, stderr, stdout } = spawnSync('nvcc', [`-arch=${arch}`, ...FLAGS, `${out}.cu`, '-o', `${out}.cubin`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`nvcc: ${stderr}${stdout}`);
  const log = stdout + stderr;
  const number = (pattern) => Number(pattern.exec(log)?.[1] ?? 0);
  const registers = number(/Used (\d+) registers/);
  const shared = number(/(\d+) bytes smem/);
  const spills = number(/(\d+) bytes spill stores/) + number(/(\d+) bytes spill loads/);
  const stack = number(/(\d+) bytes stack frame/);
  // nvdisasm may be older than nvcc and refuse its cubin, but it knows the code of the chip.
  const code = section(readFileSync(`${out}.cubin`), '.text.');
  writeFileSync(`${out}.bin`, code);
  const text = execFileSync(nvdisasm, ['-b', arch.replace('sm_', 'SM'), `${out}.bin`], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const sass = withGaps(text, code);
  writeFileSync(`${out}.${arch}.sass`, sass);
  return { sass, registers, shared, spills, stack, ...occupancy(CHIPS[arch], registers, shared, threads) };
}

/** Instructions of Hopper's that nvdisasm 11.8 leaves out without a word, by the low byte of their opcode: integers all. */
const LEFT_OUT = { 54: 'VIADD', 70: 'VIADDMNMX', 72: 'VIMNMX' };

/** Every instruction of the code, 16 bytes each: those that nvdisasm printed, and a line for each that it did not know. */
function withGaps(text, code) {
  const printed = new Map();
  for (const line of text.split('\n')) {
    const at = /^[\s{]*\/\*([0-9a-f]{4,})\*\//.exec(line)?.[1];
    if (at !== undefined) printed.set(Number.parseInt(at, 16), line);
  }
  const lines = [];
  for (let at = 0; at < code.length; at += 16) {
    const opcode = code.readUInt16LE(at) & 0xfff;
    const predicate = (code.readUInt16LE(at) >> 12) & 15;
    const guard = predicate === 7 ? '' : `@${predicate & 8 ? '!' : ''}P${predicate & 7} `;
    const name = LEFT_OUT[opcode & 0xff] ?? `UNKNOWN.${opcode.toString(16)}`;
    lines.push(printed.get(at) ?? `        /*${at.toString(16).padStart(4, '0')}*/     ${guard}${name} ;`);
  }
  return `${lines.join('\n')}\n`;
}

/** Warps of a multiprocessor, and what ends them. */
function occupancy(chip, registers, shared, threads) {
  const warps = Math.ceil(threads / 32);
  const perWarp = Math.ceil((registers * 32) / 256) * 256;
  const limits = {
    registers: Math.floor((Math.floor(chip.registers / 4 / perWarp) * 4) / warps),
    'shared memory': shared === 0 ? Infinity : Math.floor(chip.shared / (shared + 1024)),
    threads: Math.floor(chip.threads / (32 * warps)),
    workgroups: chip.blocks,
  };
  const workgroups = Math.min(...Object.values(limits));
  const limiter =
    workgroups * warps === chip.threads / 32 ? 'full' : Object.keys(limits).find((key) => limits[key] === workgroups);
  return { warps: workgroups * warps, mostWarps: chip.threads / 32, limiter };
}

/** A section of a 64-bit ELF file, the first whose name starts so. */
function section(elf, prefix) {
  const at = Number(elf.readBigUInt64LE(40));
  const [size, count, names] = [elf.readUInt16LE(58), elf.readUInt16LE(60), elf.readUInt16LE(62)];
  const header = (i) => ({
    name: elf.readUInt32LE(at + i * size),
    offset: Number(elf.readBigUInt64LE(at + i * size + 24)),
    bytes: Number(elf.readBigUInt64LE(at + i * size + 32)),
  });
  const base = header(names).offset;
  for (let i = 0; i < count; i++) {
    const { name, offset, bytes } = header(i);
    const start = base + name;
    if (elf.toString('latin1', start, start + prefix.length) === prefix) return elf.subarray(offset, offset + bytes);
  }
  throw new Error(`no section ${prefix}`);
}
