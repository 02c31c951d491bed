/** WGSL through the compilers of three vendors, without a GPU: see README.md. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loopsOf, sumCounts } from './isa.mjs';
import { compileCuda, nvdisasmPath } from './nvidia.mjs';
import { spirvToCuda } from './spirv-to-cuda.mjs';

const HOME = dirname(fileURLToPath(import.meta.url));
const ICDS = '/usr/share/vulkan/icd.d';
const SHIM = join(HOME, '.tools', 'libintel_noop.so');
const RADV = { VK_DRIVER_FILES: process.env.RADV_ICD ?? `${ICDS}/radeon_icd.x86_64.json` };
const ANV = { VK_DRIVER_FILES: process.env.ANV_ICD ?? `${ICDS}/intel_icd.x86_64.json`, LD_PRELOAD: SHIM };

/**
 * Compiles files of WGSL, each for every target, and leaves machine code and all on the way to it in `out`.
 *
 * @param {readonly string[]} files
 * @param {{ amd: string[], intel: string[], nvidia: string[], robust: boolean, out: string }} options families of GPUs: navi21,
 *   tgl, sm_90 and the like. `robust`: indices of storage buffers are checked, as NVIDIA's driver must.
 * @returns a row for each file and target: registers, spills, workgroup memory, occupancy, instructions, loops
 */
export function compile(files, { amd, intel, nvidia, robust, out }) {
  mkdirSync(out, { recursive: true });
  const jobs = files.map((wgsl) => ({ name: basename(wgsl, '.wgsl'), wgsl, made: {} }));
  const rows = [];
  for (const family of amd) {
    throughDawn(jobs, family, { ...RADV, RADV_FORCE_FAMILY: family }, out);
    rows.push(...jobs.map((job) => amdRow(job, family)));
  }
  if (intel.length > 0 && !existsSync(SHIM)) console.error('.tools/libintel_noop.so is missing: nothing for Intel');
  else {
    for (const platform of intel) {
      throughDawn(jobs, platform, { ...ANV, INTEL_STUB_GPU_PLATFORM: platform }, out);
      rows.push(...jobs.map((job) => intelRow(job, platform)));
    }
  }
  const nvdisasm = nvdisasmPath(HOME);
  if (nvidia.length > 0 && (nvdisasm === null || spawnSync('nvcc', ['--version']).status !== 0)) {
    console.error('nvcc or nvdisasm is missing: nothing for NVIDIA');
  } else if (nvidia.length > 0) {
    if (amd.length === 0) throw new Error('NVIDIA needs the SPIR-V that Dawn gives RADV: name a family for --amd');
    for (const arch of nvidia) rows.push(...jobs.map((job) => nvidiaRow(job, arch, nvdisasm, amd[0], { robust, out })));
  }
  return rows;
}

/** Every pipeline that a driver makes of the jobs, in fresh files. */
function throughDawn(jobs, family, driver, out) {
  for (const job of jobs) job.made[family] = join(out, `${job.name}.${family}`);
  const list = join(out, `.${family}.json`);
  writeFileSync(list, JSON.stringify(jobs.map(({ wgsl, made }) => ({ wgsl, out: made[family] }))));
  const { status, stderr } = spawnSync(process.execPath, [join(HOME, 'dawn-compile.mjs'), list], {
    encoding: 'utf8',
    env: {
      ...process.env,
      ...driver,
      VK_LAYER_PATH: join(HOME, 'layer'),
      VK_INSTANCE_LAYERS: 'VK_LAYER_GPUSTATIC_null_record',
      MESA_SHADER_CACHE_DISABLE: 'true',
      XDG_RUNTIME_DIR: out,
    },
  });
  rmSync(list);
  if (status !== 0) throw new Error(`Dawn on the driver for ${family} failed:\n${stderr}`);
}

/** What a driver told of a pipeline, by name, and its machine code, which begins with `title`. */
function told(job, family, title) {
  const text = readFileSync(`${job.made[family]}.txt`, 'utf8');
  const assembly = text.slice(text.indexOf(title));
  writeFileSync(`${job.made[family]}.s`, assembly);
  return { assembly, stat: (name) => Number(new RegExp(`^${name}\\t(.*)$`, 'm').exec(text)?.[1]) };
}

function amdRow(job, target) {
  const { stat, assembly } = told(job, target, '-- Assembly');
  return {
    kernel: job.name,
    target,
    registers: stat('VGPRs'),
    spills: stat('Spilled VGPRs') + stat('Spilled SGPRs'),
    shared: stat('LDS size'),
    occupancy: `${stat('Subgroups per SIMD')} waves of ${stat('Subgroup size')} a SIMD`,
    instructions: stat('Instructions'),
    loops: loopsOf(assembly, 'aco'),
  };
}

function intelRow(job, target) {
  const { stat, assembly } = told(job, target, '-- GEN Assembly');
  return {
    kernel: job.name,
    target,
    registers: Math.max(...[...assembly.matchAll(/\bg(\d+)/g)].map(([, n]) => Number(n))) + 1,
    spills: stat('Spill Count') + stat('Fill Count'),
    shared: stat('Workgroup Memory Size'),
    occupancy: `SIMD${stat('Subgroup size')}`,
    instructions: stat('Instruction Count'),
    loops: loopsOf(assembly, 'gen'),
  };
}

/** Of the SPIR-V that Dawn gave another driver. */
function nvidiaRow(job, arch, nvdisasm, family, { robust, out }) {
  const bytes = readFileSync(`${job.made[family]}.spv`);
  const words = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const { code, threads } = spirvToCuda(words, { robust });
  const made = compileCuda(code, join(out, job.name), arch, threads, nvdisasm);
  const loops = loopsOf(made.sass, 'sass');
  return {
    kernel: job.name,
    target: arch,
    registers: made.registers,
    spills: made.spills + made.stack,
    shared: made.shared,
    occupancy: `${made.warps} of ${made.mostWarps} warps (${made.limiter})`,
    resident: made.warps,
    threads,
    instructions: loops.reduce((sum, { counts }) => sum + counts.all, 0),
    loops,
  };
}

/** Where the multiply-adds are: the loop with the most of them, deeper loops weighing eightfold. */
export function hotLoop(loops) {
  const weight = ({ counts, depth }) => (counts.fma + counts.fp + 1e-6 * counts.all) * 8 ** depth;
  return loops.reduce((a, b) => (weight(b) > weight(a) ? b : a));
}

/** Counts of a loop with those within it, each once. */
export function withInner(loops, { name }) {
  const inner = loops.filter((loop) => loop.name === name || name === 'kernel' || loop.name.startsWith(`${name}.`));
  return sumCounts(inner.map(({ counts }) => [1, counts]));
}
