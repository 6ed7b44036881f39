import { nodesBetween } from '../../adjoint/backward.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { int } from '../../graph/graph.ts';
import type { Classifier } from '../classifier.ts';
import type { Explainer, MethodOptions, Program, ProgramExtra } from '../explainer.ts';
import { FeatureMaps } from '../grid.ts';
import { findHead } from '../head.ts';
import { compiled, obstacleOf } from '../obstacles.ts';
import { channelAxes } from '../positions.ts';
import { singleRun } from '../program.ts';
import { explainedScalar, LOGITS, MAP, SCORE, SEED, targetInput } from '../score.ts';
import { startMap } from './start.ts';
import { RelevanceWalk } from './walk.ts';

function openModel(model: Classifier): FeatureMaps {
  if (model.opaque !== null) throw model.opaque;
  return new FeatureMaps(model);
}

/** Relevance at a value as rows × columns; zeros where the start does not depend on it. */
function relevanceMap(walk: RelevanceWalk, maps: FeatureMaps, value: string): string {
  const relevance = walk.relevance(value) ?? walk.builder.filled(maps.relevanceShape(value), 0);
  return maps.toGrid(walk.builder, value, relevance);
}

function compileSrd(model: Classifier, options: MethodOptions): Program {
  const maps = openModel(model);
  const head = findHead(maps);
  const at = options.layer ?? model.image;
  maps.requireGrid(at);
  const builder = new GraphBuilder(model.graph);
  const target = targetInput(builder, model);
  const score = explainedScalar(builder, model.logits, target);
  const start = startMap(builder, maps, head, options.start ?? 'identity', score, target);
  const walk = new RelevanceWalk(builder, maps.roles, maps.paths);
  walk.addScalar(head.feature, start);
  walk.run(nodesBetween(model.graph.nodes, [model.image], [head.feature]));
  const outputs = [
    { value: relevanceMap(walk, maps, at), name: MAP },
    { value: score, name: SCORE },
    { value: model.logits, name: LOGITS },
  ];
  const extras: ProgramExtra[] = [];
  for (const tensor of options.strip ?? []) {
    const norm = builder.emit('ReduceL2', [tensor, builder.ints(channelAxes(maps.roles, tensor))], { keepdims: int(1) });
    for (const [kind, value] of [
      ['relevance', relevanceMap(walk, maps, tensor)],
      ['norm', maps.toGrid(builder, tensor, norm)],
    ] as const) {
      const output = builder.fresh(`${kind}/${tensor}`);
      outputs.push({ value, name: output });
      extras.push({ output, kind, tensor });
    }
  }
  return singleRun('srd', builder.finish(outputs), false, extras);
}

function compileErf(model: Classifier, options: MethodOptions): Program {
  const maps = openModel(model);
  const layer = options.layer ?? findHead(maps).feature;
  const { height, width } = maps.requireGrid(layer);
  const builder = new GraphBuilder(model.graph);
  const seed = builder.input(SEED, 'float32', [height, width]);
  const walk = new RelevanceWalk(builder, maps.roles, maps.paths);
  walk.addScalar(layer, maps.fromGrid(builder, layer, seed));
  walk.run(nodesBetween(model.graph.nodes, [model.image], [layer]));
  const outputs = [
    { value: relevanceMap(walk, maps, model.image), name: MAP },
    { value: model.logits, name: LOGITS },
  ];
  return singleRun('erf', builder.finish(outputs), false);
}

/**
 * Sharing Ratio Decomposition (Han, Kim, Kwak, ICLR 2024, arXiv 2402.03348): relevance of every position for the explained scalar, carried back
 * from the last feature map to the image, or to `layer`; `strip` layers come out of the same run with their feature norms.
 */
export const srd: Explainer = {
  id: 'srd',
  obstacle: (model, options = {}) => obstacleOf(() => compiled(model, () => compileSrd(model, options))),
  compile: (model, options = {}) => compiled(model, () => compileSrd(model, options)),
};

/**
 * Where a position of a layer looked from (effective receptive field): SRD started from a one-hot map at that layer (same
 * paper). It tells nothing of a class. Σ map = 1 unless a vanishing feature vector loses relevance.
 */
export const erf: Explainer = {
  id: 'erf',
  obstacle: (model, options = {}) => obstacleOf(() => compiled(model, () => compileErf(model, options))),
  compile: (model, options = {}) => compiled(model, () => compileErf(model, options)),
};
