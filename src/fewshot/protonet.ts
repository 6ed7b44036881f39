/**
 * Prototypical networks: the class of the nearest class mean in feature space. Arrays are row-major; sums are taken in double
 * precision.
 *
 * J. Snell, K. Swersky, R. Zemel: Prototypical Networks for Few-shot Learning. NeurIPS 2017, arXiv 1703.05175.
 */
import { type Prediction, softmaxRows } from './learner.ts';

/**
 * The mean feature of each class.
 *
 * @param features [B, F]
 * @param labels class of each of the B rows, every class at least once
 * @returns [N, F]
 */
export function classMeans(features: Float32Array, labels: readonly number[], ways: number): Float32Array {
  const length = features.length / labels.length;
  const sums = new Float64Array(ways * length);
  const counts = new Array<number>(ways).fill(0);
  labels.forEach((label, row) => {
    counts[label] = (counts[label] ?? 0) + 1;
    for (let index = 0; index < length; index += 1) {
      const at = label * length + index;
      sums[at] = (sums[at] ?? 0) + (features[row * length + index] ?? 0);
    }
  });
  return Float32Array.from(sums, (sum, index) => sum / (counts[Math.floor(index / length)] ?? 1));
}

/** −‖feature − prototype‖² of every pair: features [B, F], prototypes [N, F] → [B, N]. */
export function negativeDistances(features: Float32Array, prototypes: Float32Array, ways: number): Float32Array {
  const length = prototypes.length / ways;
  const batch = features.length / length;
  const scores = new Float32Array(batch * ways);
  for (let row = 0; row < batch; row += 1) {
    for (let way = 0; way < ways; way += 1) {
      let sum = 0;
      for (let index = 0; index < length; index += 1) {
        sum += ((features[row * length + index] ?? 0) - (prototypes[way * length + index] ?? 0)) ** 2;
      }
      scores[row * ways + way] = -sum;
    }
  }
  return scores;
}

/** The prediction of the nearest prototype; probabilities are the softmax of the negative squared distances. */
export function predictByPrototypes(features: Float32Array, prototypes: Float32Array, ways: number): Prediction {
  const scores = negativeDistances(features, prototypes, ways);
  return { scores, probabilities: softmaxRows(scores, ways), features, logits: null };
}
