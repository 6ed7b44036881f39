import { missingRule } from '../adjoint/backward.ts';
import { HeliographError } from '../graph/errors.ts';
import { describeNode } from '../graph/graph.ts';
import type { Classifier } from './classifier.ts';

const ALWAYS = 'Occlusion and RISE work for every model whatever its operators.';
/** The remedy of errors about feature maps; `compiled` takes the promise back where no gradient can be had either. */
export const WITHOUT_FEATURE_MAPS = 'Gradient methods, occlusion and RISE still work.';

/** Why a gradient method does not apply to a model, or null. Names the first operator without a derivative. */
export function gradientObstacle(model: Classifier, from: string = model.image): HeliographError | null {
  if (model.opaque !== null) return model.opaque;
  const node = missingRule(model.graph.nodes, [from], [model.logits]);
  if (node === null) return null;
  return new HeliographError('unsupported-operator', `No derivative is known for ${describeNode(node)}.`, ALWAYS);
}

/** Runs a compilation for a model; an error that promises the gradient methods does so only where they work. */
export function compiled<T>(model: Classifier, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof HeliographError) || error.remedy !== WITHOUT_FEATURE_MAPS) throw error;
    if (gradientObstacle(model) === null) throw error;
    throw new HeliographError(error.code, error.message, ALWAYS, { cause: error });
  }
}

/** Runs a compilation and returns the user's error it ends in, or null: for methods whose limits only show on the way. */
export function obstacleOf(compile: () => unknown): HeliographError | null {
  try {
    compile();
    return null;
  } catch (error) {
    if (error instanceof HeliographError) return error;
    throw error;
  }
}

/** A number of steps within what a program can run. @throws HeliographError `method-not-applicable` */
export function checkedSteps(steps: number | undefined, fallback: number): number {
  const value = steps ?? fallback;
  if (!Number.isInteger(value) || value < 1 || value > MAX_STEPS) {
    throw new HeliographError(
      'method-not-applicable',
      `${value} is no possible number of steps.`,
      `Choose a whole number from 1 to ${MAX_STEPS}.`,
    );
  }
  return value;
}

/** Tables of step inputs are kept in memory; this bounds them. */
const MAX_STEPS = 100_000;
