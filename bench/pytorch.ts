/** The same evaluation episodes in PyTorch, so that both sides are timed in one run: `fewshot.bench`, one answer a question. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const TRAINING = fileURLToPath(new URL('../training', import.meta.url));

/** The interpreter with the packages of `training/requirements.txt`; absent, PyTorch is not measured. */
export const PYTHON = process.env.HELIOGRAPH_PYTHON;

const answer = z.object({ milliseconds: z.number().positive(), torch: z.string() });

/** What is adapted: `conv4` of `src/fewshot/conv4.ts`, and the episode. */
export interface PyTorchEpisode {
  readonly channels: number;
  readonly size: number;
  readonly filters: number;
  readonly nodes: number;
  readonly ways: number;
  readonly shots: number;
  readonly queries: number;
  readonly steps: number;
  readonly episodes: number;
  readonly threads: number;
}

export class PyTorchBench {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;

  constructor(python: string, episode: PyTorchEpisode) {
    const options = Object.entries(episode).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#process = spawn(python, ['-m', 'fewshot.bench', '--rounds', ...options], {
      cwd: TRAINING,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
    // A process that cannot be started closes its output, which `milliseconds` reports.
    this.#process.on('error', (error) => console.error(`${python}: ${error.message}`));
    this.#process.stdin.on('error', () => {});
  }

  /** @returns the median milliseconds of an episode, measured now */
  async milliseconds(): Promise<number> {
    this.#process.stdin.write('\n');
    const line = await this.#answers.next();
    if (line.done) throw new Error('PyTorch stopped: HELIOGRAPH_PYTHON needs the packages of training/requirements.txt.');
    return answer.parse(JSON.parse(line.value)).milliseconds;
  }

  close(): void {
    this.#process.stdin.end();
    this.#lines.close();
  }
}
