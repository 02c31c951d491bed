/** PyTorch with CUDA, in a process of its own. */
import { findPython, Python } from '../../python.ts';
import { threeDigits } from '../../table.ts';
import type { GpuContender } from '../contender.ts';
import { byConversation } from './conversation.ts';
import script from './torch.py?raw';

/** @throws {Error} where no Python has PyTorch with CUDA. */
export async function openTorch(): Promise<GpuContender> {
  const { command, versions } = await findPython(script, 'PyTorch with CUDA');
  const python = new Python(command, script, 1);
  const teraflops = (await python.call<number>('sgemm')) / 1e12;
  return {
    ...byConversation(python),
    name: 'PyTorch',
    about: `${versions}; float32 without TF32, cuBLAS' sgemm at ${threeDigits(teraflops)} TFLOP/s`,
  };
}
