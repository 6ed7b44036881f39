import { backward } from '../adjoint/backward.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { int, text } from '../graph/graph.ts';
import { float32 } from '../graph/tensor.ts';
import type { Classifier } from './classifier.ts';
import type { Explainer, MethodOptions, Program } from './explainer.ts';
import { FeatureMaps } from './grid.ts';
import { findHead } from './head.ts';
import { compiled, obstacleOf } from './obstacles.ts';
import { channelAxes } from './positions.ts';
import { singleRun } from './program.ts';
import { explainedScalar, LOGITS, MAP, SCORE, targetInput } from './score.ts';

/** Σ_c (mean over positions of the gradient)_c · x_c at a feature map x: shape x's with channel axes 1. Signed. */
export function classActivation(builder: GraphBuilder, maps: FeatureMaps, layer: string, gradient: string): string {
  const channels = channelAxes(maps.roles, layer);
  const positions = maps.shape(layer).flatMap((_, axis) => (channels.includes(axis) ? [] : [axis]));
  const weights = builder.emit('ReduceMean', [gradient, builder.ints(positions)], { keepdims: int(1) }, 'weights');
  return builder.reduceSum(builder.multiply(layer, weights), channels, true);
}

function compile(model: Classifier, options: MethodOptions): Program {
  if (model.opaque !== null) throw model.opaque;
  const maps = new FeatureMaps(model);
  const layer = options.layer ?? defaultLayer(maps);
  const { height, width } = maps.requireGrid(layer);
  const builder = new GraphBuilder(model.graph);
  const target = targetInput(builder, model);
  const gradient = backward(builder, builder.nodes, new Map([[model.logits, target]]), [layer]).get(layer);
  const weighted = classActivation(builder, maps, layer, gradient ?? builder.filled(maps.shape(layer), 0));
  const signed = maps.toGrid(builder, layer, weighted);
  const map = options.relu === true ? builder.emit('Relu', [signed]) : signed;
  const outputs = [
    { value: options.layer === undefined ? enlarged(builder, map, height, width, model) : map, name: MAP },
    { value: explainedScalar(builder, model.logits, target), name: SCORE },
    { value: model.logits, name: LOGITS },
  ];
  return singleRun('grad-cam', builder.finish(outputs), false);
}

/**
 * The last feature map; where the head reads a class token, on which alone the score depends there, the last normalised map
 * before the attention that fills the token.
 */
function defaultLayer(maps: FeatureMaps): string {
  const { feature, selects } = findHead(maps);
  if (!selects) return feature;
  const signal = maps.signalTo(feature);
  const mixes = signal.map((value) => {
    const node = maps.paths.producer(value);
    return node !== undefined && maps.paths.sharing(node).kind === 'mix';
  });
  const before = signal.slice(0, mixes.lastIndexOf(true));
  return before.findLast((value) => maps.paths.producer(value)?.op === 'LayerNormalization') ?? feature;
}

/** Bilinear enlargement to the image's size, half-pixel centres. */
function enlarged(builder: GraphBuilder, map: string, height: number, width: number, model: Classifier): string {
  const four = builder.reshape(map, [1, 1, height, width]);
  const scales = builder.add(float32([4], [1, 1, model.height / height, model.width / width]), 'scales');
  const large = builder.emit('Resize', [four, '', scales], {
    mode: text('linear'),
    coordinate_transformation_mode: text('half_pixel'),
  });
  return builder.reshape(large, [model.height, model.width]);
}

/**
 * Grad-CAM (Selvaraju et al., ICCV 2017, arXiv 1610.02391) at the last feature map, enlarged to the image; with `layer` at that
 * layer's own positions. The paper clips at zero (`relu`); unclipped, as here by default, evidence against stays visible.
 */
export const gradCam: Explainer = {
  id: 'grad-cam',
  obstacle: (model, options = {}) => obstacleOf(() => compiled(model, () => compile(model, options))),
  compile: (model, options = {}) => compiled(model, () => compile(model, options)),
};
