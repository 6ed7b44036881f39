/**
 * SimpleShot (CL2N): nearest centroid on features of a pretrained network, centred by the mean feature of its training images
 * and brought to length 1.
 *
 * Y. Wang, W.-L. Chao, K. Q. Weinberger, L. van der Maaten: SimpleShot: Revisiting Nearest-Neighbor Classification for Few-Shot
 * Learning. arXiv 1911.04623.
 */
import { imageBatch, type Learner, type RunGraph } from './learner.ts';
import { forward } from './prediction.ts';

/** Keeps a feature that equals the centre at zero. */
export const SMALLEST_NORM = 1e-12;

/** (f − centre)/‖f − centre‖ of each row: [B, F] → [B, F]. */
export function centredAndNormalised(features: Float32Array, centre: readonly number[]): Float32Array {
  const length = centre.length;
  const result = new Float32Array(features.length);
  for (let start = 0; start < features.length; start += length) {
    const norm = distanceToCentre(features.subarray(start, start + length), centre);
    result.set(
      centre.map((mean, index) => ((features[start + index] ?? 0) - mean) / norm),
      start,
    );
  }
  return result;
}

/** ‖feature − centre‖ of one feature [F], as far as it divides. */
export function distanceToCentre(feature: Float32Array, centre: readonly number[]): number {
  return Math.max(SMALLEST_NORM, Math.hypot(...centre.map((mean, index) => (feature[index] ?? 0) - mean)));
}

/** The features [B, F] that SimpleShot compares. The network has no batch statistics: image by image, for files of batch 1. */
export async function simpleShotFeatures(
  learner: Learner,
  centre: readonly number[],
  images: Float32Array,
  run: RunGraph,
): Promise<Float32Array> {
  const [batch = 1] = imageBatch(learner, images).dims;
  const size = images.length / batch;
  const features = new Float32Array(batch * centre.length);
  for (let image = 0; image < batch; image += 1) {
    const one = await forward(learner, images.subarray(image * size, (image + 1) * size), run);
    features.set(centredAndNormalised(one.features, centre), image * centre.length);
  }
  return features;
}
