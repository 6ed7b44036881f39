/** The kinds of learners behind one pair of functions: see the examples, then say what an image is. */

import { HeliographError } from '../graph/errors.ts';
import { adaptParameters, type InnerLoop, type InnerStep } from './adaptation.ts';
import { assign, defaultAssignments, nodesInOrder } from './assignments.ts';
import { type Adapted, checkSupport, type Learner, type Prediction, type RunGraph, type Support } from './learner.ts';
import { forward, predictByParameters } from './prediction.ts';
import { classMeans, predictByPrototypes } from './protonet.ts';
import { simpleShotFeatures } from './simpleshot.ts';

/** How learners with an inner loop adapt; learners without ignore it. What is left out is as the card says. */
export type AdaptOptions = Partial<InnerLoop>;

/**
 * Learns from the support set.
 *
 * @param onStep gets what each step of an inner loop started from
 * @throws HeliographError `bad-episode` for a support set the learner cannot take, saying what to do
 */
export async function adapt(
  learner: Learner,
  support: Support,
  options: AdaptOptions,
  run: RunGraph,
  onStep?: (step: InnerStep) => void,
): Promise<Adapted> {
  const { card } = learner;
  checkSupport(learner, support);
  if (card.kind === 'maml')
    return adaptParameters(learner, support, innerLoop(card.inner, learner, support, options), run, onStep);
  const features = await featuresOf(learner, support.images, run);
  return { kind: 'prototypes', ways: support.ways, prototypes: classMeans(features, support.labels, support.ways) };
}

function innerLoop(
  inner: { readonly learningRate: number; readonly steps: number },
  { card, nodes }: Learner,
  { ways }: Support,
  { from, assignments, steps, learningRate }: AdaptOptions,
): InnerLoop {
  return {
    assignments: from?.assignments ?? assignments ?? assign(nodesInOrder(nodes), ways, defaultAssignments(card, ways)),
    steps: steps ?? inner.steps,
    learningRate: learningRate ?? inner.learningRate,
    from,
  };
}

/**
 * Features [B, F] of learners that compare with prototypes. ProtoNet takes the images as one batch, whose statistics its batch
 * norms use; SimpleShot one by one.
 */
export async function featuresOf(learner: Learner, images: Float32Array, run: RunGraph): Promise<Float32Array> {
  const { card } = learner;
  if (card.kind === 'simpleshot') return simpleShotFeatures(learner, card.centre, images, run);
  return (await forward(learner, images, run)).features;
}

/**
 * Predicts the classes of a batch of images.
 *
 * @param images [B, C, H, W], normalised as the card says; batch norms use the statistics of this batch
 * @throws HeliographError `bad-episode` where the state is another kind of learner's
 */
export async function predict(learner: Learner, adapted: Adapted, images: Float32Array, run: RunGraph): Promise<Prediction> {
  checkAdapted(learner, adapted);
  if (adapted.kind === 'parameters') return predictByParameters(learner, adapted, images, run);
  return predictByPrototypes(await featuresOf(learner, images, run), adapted.prototypes, adapted.ways);
}

/** @throws HeliographError `bad-episode` where the state is another learner's */
export function checkAdapted(learner: Learner, adapted: Adapted): void {
  const { card, parameters } = learner;
  if ((card.kind === 'maml') !== (adapted.kind === 'parameters')) throw foreign(learner);
  const fits =
    adapted.kind === 'parameters'
      ? [...parameters].every(([name, { data }]) => adapted.parameters[name]?.length === data.length)
      : adapted.prototypes.length === adapted.ways * card.features;
  if (!fits) throw foreign(learner);
}

function foreign({ card }: Learner): HeliographError {
  return new HeliographError('bad-episode', `“${card.name}” was not adapted this way.`, 'Adapt it to the examples first.');
}
