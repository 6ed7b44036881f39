import type { GraphBuilder } from '../graph/builder.ts';
import { HeliographError } from '../graph/errors.ts';
import { int } from '../graph/graph.ts';
import { float32 } from '../graph/tensor.ts';
import type { Classifier } from './classifier.ts';
import type { Explainer } from './explainer.ts';
import { perturbed, steppedRun } from './program.ts';
import { explainedScalar, MAP, overImage, REFERENCE, targetInput } from './score.ts';

/** Where windows of a side start along one axis: every `stride`, the last one may reach over the edge (as in Captum). */
export function windowStarts(extent: number, side: number, stride: number): number[] {
  const count = Math.ceil(Math.max(extent - side, 0) / stride) + 1;
  return Array.from({ length: count }, (_, index) => index * stride);
}

/** 1 at the rows (or columns) start ≤ i < start + side, else 0. Operators that are the same in every opset. */
function inWindow(builder: GraphBuilder, extent: number, start: string, side: number): string {
  const centres = builder.add(
    float32(
      [extent],
      Array.from({ length: extent }, (_, index) => index + 0.5),
    ),
    'pixels',
  );
  const distance = builder.emit('Abs', [builder.subtract(centres, builder.addValues(start, builder.scalar(side / 2)))]);
  return builder.emit('Cast', [builder.emit('Less', [distance, builder.scalar(side / 2)])], { to: int(1) }, 'window');
}

/** How many windows cover each pixel, [H, W]. */
function coverage(model: Classifier, rows: readonly number[], columns: readonly number[], side: number): Float32Array {
  const count = (starts: readonly number[], index: number) =>
    starts.filter((start) => start <= index && index < start + side).length;
  const rowCounts = Array.from({ length: model.height }, (_, y) => count(rows, y));
  const columnCounts = Array.from({ length: model.width }, (_, x) => count(columns, x));
  return Float32Array.from({ length: model.height * model.width }, (_, index) => {
    return (rowCounts[Math.floor(index / model.width)] ?? 0) * (columnCounts[index % model.width] ?? 0);
  });
}

function checkedSide(name: string, value: number, limit: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= limit) return value;
  throw new HeliographError(
    'method-not-applicable',
    `The occlusion ${name} cannot be ${value} pixels.`,
    `Choose a whole number from 1 to ${limit}.`,
  );
}

/**
 * Occlusion (Zeiler, Fergus, ECCV 2014, arXiv 1311.2901): a square of zeros (of the preprocessed input) slides over the image; a pixel's value is
 * the mean drop F(x) − F(x with the square) over the squares that cover it. Works for every model: it only runs it.
 */
export const occlusion: Explainer = {
  id: 'occlusion',
  obstacle: () => null,
  compile: (model, options = {}) => {
    const shorter = Math.min(model.height, model.width);
    const side = checkedSide('patch', options.patch ?? Math.max(1, Math.round(shorter / 7)), shorter);
    const stride = checkedSide('stride', options.stride ?? Math.max(1, Math.round(side / 2)), side);
    const rows = windowStarts(model.height, side, stride);
    const columns = windowStarts(model.width, side, stride);
    const starts = rows.flatMap((y) => columns.map((x) => [y, x] as const));
    let window = '';
    const builder = perturbed(model, (inner) => {
      const y = inWindow(inner, model.height, inner.input('top', 'float32', [1]), side);
      const x = inWindow(inner, model.width, inner.input('left', 'float32', [1]), side);
      window = inner.multiply(inner.reshape(y, [model.height, 1]), inner.reshape(x, [1, model.width]));
      return inner.subtract(model.image, inner.multiply(model.image, overImage(inner, model, window)));
    });
    const target = targetInput(builder, model);
    const drop = builder.subtract(builder.input(REFERENCE, 'float32', []), explainedScalar(builder, model.logits, target));
    const weights = coverage(model, rows, columns, side).map((count) => 1 / Math.max(count, 1));
    const weight = builder.multiply(window, builder.add(float32([model.height, model.width], weights), 'coverage'));
    const graph = builder.finish([{ value: builder.multiply(weight, drop), name: MAP }]);
    const table = (axis: 0 | 1) =>
      float32(
        [starts.length, 1],
        starts.map((start) => start[axis]),
      );
    return steppedRun('occlusion', model, graph, starts.length, [
      { name: 'top', table: table(0) },
      { name: 'left', table: table(1) },
    ]);
  },
};
