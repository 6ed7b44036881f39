import { backward } from '../adjoint/backward.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { Classifier } from './classifier.ts';
import type { Explainer, MethodId, Program } from './explainer.ts';
import { gradientObstacle } from './obstacles.ts';
import { singleRun } from './program.ts';
import { ATTRIBUTION, explainedScalar, imageMaps, LOGITS, MAP, SCORE, targetInput } from './score.ts';

/** ∂F/∂image, the image's shape; 0 where the scores do not depend on it. */
export function imageGradient(builder: GraphBuilder, model: Classifier, image: string, target: string): string {
  const gradient = backward(builder, builder.nodes, new Map([[model.logits, target]]), [image]).get(image);
  return gradient ?? builder.filled(builder.shape(image), 0);
}

function compile(method: MethodId, model: Classifier, timesInput: boolean): Program {
  const obstacle = gradientObstacle(model);
  if (obstacle !== null) throw obstacle;
  const builder = new GraphBuilder(model.graph);
  const target = targetInput(builder, model);
  const gradient = imageGradient(builder, model, model.image, target);
  const score = explainedScalar(builder, model.logits, target);
  const { map, attribution } = imageMaps(builder, model, timesInput ? builder.multiply(model.image, gradient) : gradient);
  const graph = builder.finish([
    { value: map, name: MAP },
    { value: attribution, name: ATTRIBUTION },
    { value: score, name: SCORE },
    { value: model.logits, name: LOGITS },
  ]);
  return singleRun(method, graph, true);
}

/**
 * ∂F/∂x (Simonyan, Vedaldi, Zisserman, ICLR workshop 2014, arXiv 1312.6034). `attribution` is the gradient with respect to the model's input,
 * per unit of the preprocessed input; the map is its sum over channels, with sign.
 */
export const gradient: Explainer = {
  id: 'gradient',
  obstacle: (model) => gradientObstacle(model),
  compile: (model) => compile('gradient', model, false),
};

/** x ⊙ ∂F/∂x (Shrikumar et al. 2016, arXiv 1605.01713), x being the preprocessed input. */
export const gradientTimesInput: Explainer = {
  id: 'gradient-x-input',
  obstacle: (model) => gradientObstacle(model),
  compile: (model) => compile('gradient-x-input', model, true),
};
