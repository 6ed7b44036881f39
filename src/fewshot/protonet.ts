/**
 * Prototypical networks: the class of the nearest class mean in feature space.
 *
 * J. Snell, K. Swersky, R. Zemel: Prototypical Networks for Few-shot Learning. NeurIPS 2017, arXiv 1703.05175.
 */
import type { Learner, RunGraph } from './learner.ts';
import { forward } from './prediction.ts';

/** The network's features [B, F], row-major. The images go through it as one batch, whose statistics its batch norms use. */
export async function protoNetFeatures(learner: Learner, images: Float32Array, run: RunGraph): Promise<Float32Array> {
  return (await forward(learner, images, run)).features;
}
