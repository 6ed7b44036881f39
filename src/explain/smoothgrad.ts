import { int } from '../graph/graph.ts';
import type { Explainer } from './explainer.ts';
import { imageGradient } from './gradient.ts';
import { checkedSteps, gradientObstacle } from './obstacles.ts';
import { perturbed, steppedRun } from './program.ts';
import { ATTRIBUTION, imageMaps, MAP, targetInput } from './score.ts';

export const DEFAULT_SAMPLES = 16;
/** Noise level the paper finds to balance sharpness and structure (10–20 %). */
export const DEFAULT_NOISE = 0.15;

/**
 * SmoothGrad (Smilkov et al. 2017, arXiv 1706.03825): the mean gradient over images with Gaussian noise, σ = `noise` ·
 * (max x − min x). Driven step by step the noise is our own seeded one; the standalone graph draws it with the runtime's
 * RandomNormalLike, so its map agrees in distribution, not in bits.
 */
export const smoothGrad: Explainer = {
  id: 'smoothgrad',
  obstacle: (model) => gradientObstacle(model),
  compile: (model, options = {}) => {
    const obstacle = gradientObstacle(model);
    if (obstacle !== null) throw obstacle;
    const steps = checkedSteps(options.steps, DEFAULT_SAMPLES);
    const noise = options.noise ?? DEFAULT_NOISE;
    const dims = model.graph.types.get(model.image)?.dims ?? [];
    let noisy = '';
    const builder = perturbed(model, (inner) => {
      const extent = (op: string) => inner.emit(op, [model.image], { keepdims: int(0) });
      const range = inner.subtract(extent('ReduceMax'), extent('ReduceMin'));
      const sigma = inner.multiply(range, inner.scalar(noise));
      noisy = inner.addValues(model.image, inner.multiply(inner.input('noise', 'float32', dims), sigma));
      return noisy;
    });
    const target = targetInput(builder, model);
    const gradient = imageGradient(builder, model, noisy, target);
    const { map, attribution } = imageMaps(builder, model, builder.multiply(gradient, builder.scalar(1 / steps)));
    const graph = builder.finish([
      { value: map, name: MAP },
      { value: attribution, name: ATTRIBUTION },
    ]);
    return steppedRun('smoothgrad', model, graph, steps, [{ name: 'noise', normal: { seed: options.seed ?? 0 } }]);
  },
};
