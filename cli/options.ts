import type { MethodId, MethodOptions } from '../src/explain/explainer.ts';
import { HeliographError } from '../src/graph/errors.ts';
import type { ModelSummary, Target } from '../src/runtime/protocol.ts';

/** What `explain` and `compile` take from the command line. */
export interface MethodArguments extends Omit<MethodOptions, 'strip'> {
  readonly method: MethodId;
  readonly target?: number | 'top1';
  readonly minus?: number;
  readonly at?: [number, number];
  readonly size?: [number, number];
}

/** The part of the arguments that shapes the derived graph. */
export function methodOptions({ start, layer, steps, noise, patch, stride, relu, seed }: MethodArguments): MethodOptions {
  return { start, layer, steps, noise, patch, stride, relu, seed };
}

/** A class, or the difference of two. */
export function targetOf(plus: number, minus: number | undefined): Target {
  return minus === undefined ? { plus } : { plus, minus };
}

function misuse(message: string, remedy: string): HeliographError {
  return new HeliographError('bad-document', message, remedy);
}

/**
 * Refuses what a method does not use, so that a forgotten or misplaced option is not silently ignored, and numbers the
 * model does not have.
 */
export function checkArguments(given: MethodArguments, model: ModelSummary): void {
  const { method } = given;
  const uses: Readonly<Record<string, readonly MethodId[]>> = {
    start: ['srd'],
    layer: ['srd', 'erf', 'grad-cam'],
    at: ['erf'],
    steps: ['integrated-gradients', 'smoothgrad', 'rise'],
    noise: ['smoothgrad'],
    patch: ['occlusion'],
    stride: ['occlusion'],
    relu: ['grad-cam'],
    seed: ['smoothgrad', 'rise'],
  };
  for (const [option, methods] of Object.entries(uses)) {
    if (given[option as keyof MethodArguments] !== undefined && !methods.includes(method)) {
      throw misuse(`--${option} means nothing to ${method}.`, `Leave it out; it is for ${methods.join(', ')}.`);
    }
  }
  if (method === 'erf') {
    if (given.target !== undefined || given.minus !== undefined) {
      throw misuse('erf explains a position, not a class.', 'Leave out --target and --minus.');
    }
    if (given.layer === undefined) throw misuse('erf needs a layer.', 'Name one with --layer; `heliograph inspect` lists them.');
    const layer = model.layers.find(({ tensor }) => tensor === given.layer);
    if (given.at && layer && (given.at[0] >= layer.height || given.at[1] >= layer.width)) {
      throw misuse(
        `“${given.layer}” has no position ${given.at.join(',')}.`,
        `Its rows count from 0 to ${layer.height - 1}, its columns from 0 to ${layer.width - 1}.`,
      );
    }
  }
  for (const [option, index] of [
    ['target', given.target],
    ['minus', given.minus],
  ] as const) {
    if (typeof index === 'number' && index >= model.classes) {
      throw misuse(`--${option} ${index} is no class of ${model.name}.`, `Its classes count from 0 to ${model.classes - 1}.`);
    }
  }
}
