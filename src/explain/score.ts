import type { GraphBuilder } from '../graph/builder.ts';
import { ints } from '../graph/graph.ts';
import type { Classifier } from './classifier.ts';

/** Public names of a program's inputs and outputs (see `Program`). */
export const TARGET = 'target';
export const SEED = 'seed';
export const REFERENCE = 'reference';
export const MAP = 'map';
export const ATTRIBUTION = 'attribution';
export const SCORE = 'score';
export const LOGITS = 'logits';

/** Adds the input `target` [1, classes]. */
export function targetInput(builder: GraphBuilder, model: Classifier): string {
  return builder.input(TARGET, 'float32', [1, model.classes]);
}

/**
 * The explained scalar F = Σ_c target_c · score_c, shape []. `scores` and `target` have shape [1, classes]. Written with operators
 * whose form never changed, because opaque models keep their old opset.
 */
export function explainedScalar(builder: GraphBuilder, scores: string, target: string): string {
  const column = builder.emit('Transpose', [target], { perm: ints([1, 0]) });
  return builder.emit('Reshape', [builder.emit('MatMul', [scores, column]), builder.ints([])], {}, 'explained');
}

/** A value of the image's shape [1, C, H, W] or [1, H, W, C] as the attribution [C, H, W] and its sum over channels, the map [H, W]. */
export function imageMaps(builder: GraphBuilder, model: Classifier, value: string): { map: string; attribution: string } {
  const { channels, height, width, layout } = model;
  const planes = layout === 'NCHW' ? value : builder.transpose(value, [0, 3, 1, 2]);
  const attribution = builder.reshape(planes, [channels, height, width]);
  return { map: builder.reduceSum(attribution, [0], false), attribution };
}

/** A single-channel map [H, W] in a shape that broadcasts over the image input. */
export function overImage(builder: GraphBuilder, model: Classifier, map: string): string {
  const { height, width, layout } = model;
  return builder.reshape(map, layout === 'NCHW' ? [1, 1, height, width] : [1, height, width, 1]);
}
