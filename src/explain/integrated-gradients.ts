import { float32 } from '../graph/tensor.ts';
import type { Explainer } from './explainer.ts';
import { imageGradient } from './gradient.ts';
import { checkedSteps, gradientObstacle } from './obstacles.ts';
import { perturbed, steppedRun } from './program.ts';
import { ATTRIBUTION, imageMaps, MAP, targetInput } from './score.ts';

export const DEFAULT_PATH_STEPS = 32;

/**
 * Integrated gradients (Sundararajan, Taly, Yan, ICML 2017, arXiv 1703.01365) from the baseline 0 of the preprocessed input (the
 * mean colour where the model subtracts one), right Riemann sum of S steps:
 * (x − 0) ⊙ (1/S) Σ_s ∂F/∂x(s/S · x), s = 1 … S. Completeness: Σ map → F(x) − F(0).
 */
export const integratedGradients: Explainer = {
  id: 'integrated-gradients',
  obstacle: (model) => gradientObstacle(model),
  compile: (model, options = {}) => {
    const obstacle = gradientObstacle(model);
    if (obstacle !== null) throw obstacle;
    const steps = checkedSteps(options.steps, DEFAULT_PATH_STEPS);
    let point = '';
    const builder = perturbed(model, (inner) => {
      point = inner.multiply(model.image, inner.input('alpha', 'float32', []));
      return point;
    });
    const target = targetInput(builder, model);
    const gradient = imageGradient(builder, model, point, target);
    const share = builder.multiply(builder.multiply(model.image, gradient), builder.scalar(1 / steps));
    const { map, attribution } = imageMaps(builder, model, share);
    const graph = builder.finish([
      { value: map, name: MAP },
      { value: attribution, name: ATTRIBUTION },
    ]);
    const table = float32(
      [steps],
      Array.from({ length: steps }, (_, step) => (step + 1) / steps),
    );
    return steppedRun('integrated-gradients', model, graph, steps, [{ name: 'alpha', table }]);
  },
};
