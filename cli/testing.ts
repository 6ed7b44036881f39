/** Shared by the tests of the command line. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type NpyArray, readNpy } from '../src/runtime/npy.ts';

export const ROOT = fileURLToPath(new URL('../', import.meta.url));
const COMMAND = `${ROOT}dist-cli/heliograph.js`;

export interface Run {
  readonly code: number;
  readonly out: Buffer;
  readonly err: string;
}

/** Runs the built command. It must have been built (`npm run build:node`). */
export function heliograph(...args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    const options = { encoding: 'buffer', cwd: ROOT, maxBuffer: 2 ** 28 } as const;
    execFile(process.execPath, [COMMAND, ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err: err.toString() });
    });
  });
}

export function golden(net: string, file: string): string {
  return `${ROOT}goldens/${net}/${file}`;
}

export function array(path: string): NpyArray {
  return readNpy(new Uint8Array(readFileSync(path)));
}

/** The sum over the channels of a [C, H, W] array: what a map shows of a gradient. */
export function channelSum({ dims: [channels = 1, height = 1, width = 1], data }: NpyArray): Float32Array {
  const positions = height * width;
  return Float32Array.from({ length: positions }, (_, position) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1) sum += data[channel * positions + position] ?? 0;
    return sum;
  });
}
