import { GraphBuilder } from '../graph/builder.ts';
import { type AdaptedParameters, diverged, parameterTensors } from './adaptation.ts';
import { sumOverAssignments } from './assignments.ts';
import { forwardGraph, imageBatch, type Learner, outputOf, type Prediction, type RunGraph, softmaxRows } from './learner.ts';

const FEATURES = 'fewshot/features';
const LOGITS = 'fewshot/logits';

/** What the network gives for B images at once: features [B, F] and, where it has output nodes, logits [B, O]. */
export async function forward(
  learner: Learner,
  images: Float32Array,
  run: RunGraph,
  adapted?: AdaptedParameters,
): Promise<{ features: Float32Array; logits: Float32Array | null }> {
  const input = imageBatch(learner, images);
  const [batch = 1] = input.dims;
  const compile = () => {
    const builder = new GraphBuilder(forwardGraph(learner, batch));
    const features = builder.reshape(learner.features, [batch, learner.card.features]);
    const logits = learner.logits === null ? [] : [{ value: learner.logits, name: LOGITS }];
    return builder.finish([{ value: features, name: FEATURES }, ...logits]);
  };
  const outputs = await run(`forward/${batch}`, compile, { [learner.image]: input, ...parameterTensors(learner, adapted) });
  return {
    features: outputOf(outputs, FEATURES).data,
    logits: learner.logits === null ? null : outputOf(outputs, LOGITS).data,
  };
}

/**
 * Scores of adapted MAML: Σ_j logits[s_j]; probabilities are the softmax of that sum divided by J. The images go through the
 * network as one batch, whose statistics its batch norms use.
 *
 * @param images [B, C, H, W], normalised as the card says
 * @throws HeliographError `bad-episode` where the parameters have grown beyond all numbers
 */
export async function predictByParameters(
  learner: Learner,
  adapted: AdaptedParameters,
  images: Float32Array,
  run: RunGraph,
): Promise<Prediction> {
  const { features, logits } = await forward(learner, images, run, adapted);
  if (logits === null) throw new RangeError('unreachable: adapted parameters belong to a learner with output nodes');
  const { assignments, ways } = adapted;
  const scores = sumOverAssignments(logits, learner.nodes, assignments);
  if (scores.some(Number.isNaN)) throw diverged(adapted.steps);
  return { scores, probabilities: softmaxRows(scores, ways, assignments.length), features, logits };
}
