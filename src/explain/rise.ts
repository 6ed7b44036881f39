import type { GraphBuilder } from '../graph/builder.ts';
import { int } from '../graph/graph.ts';
import { float32 } from '../graph/tensor.ts';
import { uniform } from '../random.ts';
import type { Explainer } from './explainer.ts';
import { checkedSteps } from './obstacles.ts';
import { perturbed, steppedRun } from './program.ts';
import { explainedScalar, MAP, overImage, targetInput } from './score.ts';

export const DEFAULT_MASKS = 200;
/** Cells along a side of the coarse masks, and the chance of a cell to be shown: the paper's settings. */
const CELLS = 7;
/** Corners along a side: one more than cells, and one more because a shift of part of a cell looks beyond the edge. */
const CORNERS = CELLS + 2;
const SHOWN = 0.5;

/**
 * Weights [extent, CORNERS] by which a coarse mask shifted by `shift` pixels is enlarged linearly: hat functions around the cell corners, so
 * that enlarging is two matrix products.
 */
function hats(builder: GraphBuilder, extent: number, shift: string): string {
  const cell = extent / CELLS;
  const pixels = builder.add(
    float32(
      [extent, 1],
      Array.from({ length: extent }, (_, index) => index / cell),
    ),
    'pixels',
  );
  const corners = builder.add(
    float32(
      [1, CORNERS],
      Array.from({ length: CORNERS }, (_, index) => index),
    ),
    'corners',
  );
  const distance = builder.emit('Abs', [builder.subtract(builder.addValues(pixels, shift), corners)]);
  return builder.emit('Relu', [builder.subtract(builder.scalar(1), distance)], {}, 'hats');
}

/**
 * RISE (Petsiuk, Das, Saenko, BMVC 2018, arXiv 1806.07421): Σ_s p(x ⊙ m_s) m_s / (S·E[m]) over random smooth masks m_s (7×7 cells, half of them shown,
 * shifted by a random part of a cell), p the softmax probability (or difference of two). Works for every model: it only runs it.
 */
export const rise: Explainer = {
  id: 'rise',
  obstacle: () => null,
  compile: (model, options = {}) => {
    const steps = checkedSteps(options.steps, DEFAULT_MASKS);
    const draw = uniform(options.seed ?? 0);
    const cells = CORNERS ** 2;
    const grids = new Float32Array(steps * cells);
    const shifts = { row: new Float32Array(steps), column: new Float32Array(steps) };
    for (let step = 0; step < steps; step += 1) {
      shifts.row[step] = draw();
      shifts.column[step] = draw();
      for (let cell = 0; cell < cells; cell += 1) grids[step * cells + cell] = draw() < SHOWN ? 1 : 0;
    }
    let mask = '';
    const builder = perturbed(model, (inner) => {
      const grid = inner.input('cells', 'float32', [CORNERS, CORNERS]);
      const rows = hats(inner, model.height, inner.input('shift_rows', 'float32', [1]));
      const columns = hats(inner, model.width, inner.input('shift_columns', 'float32', [1]));
      const across = inner.emit('MatMul', [grid, inner.emit('Transpose', [columns])]);
      mask = inner.emit('MatMul', [rows, across], {}, 'mask');
      return inner.multiply(model.image, overImage(inner, model, mask));
    });
    const target = targetInput(builder, model);
    const probabilities = builder.emit('Softmax', [model.logits], { axis: int(1) });
    const weighted = builder.multiply(mask, explainedScalar(builder, probabilities, target));
    const graph = builder.finish([{ value: builder.multiply(weighted, builder.scalar(1 / (steps * SHOWN))), name: MAP }]);
    return steppedRun('rise', model, graph, steps, [
      { name: 'cells', table: float32([steps, CORNERS, CORNERS], grids) },
      { name: 'shift_rows', table: float32([steps, 1], shifts.row) },
      { name: 'shift_columns', table: float32([steps, 1], shifts.column) },
    ]);
  },
};
