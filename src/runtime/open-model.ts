/** From the bytes of an ONNX file to what the engine keeps and what the user is told. */
import type { Classifier } from '../explain/classifier.ts';
import { METHOD_IDS } from '../explain/explainer.ts';
import { findClassifier } from '../explain/find-classifier.ts';
import { layersOf } from '../explain/layers.ts';
import { explainers } from '../explain/registry.ts';
import { HeliographError } from '../graph/errors.ts';
import type { Graph } from '../graph/graph.ts';
import { readModel } from '../graph/read.ts';
import { checkWeights } from './check-weights.ts';
import { guessPreprocessing } from './guess-preprocessing.ts';
import { labelsIn } from './labels.ts';
import type { ModelSummary, OpenOptions, Preprocessing } from './protocol.ts';

export interface OpenedModel {
  readonly classifier: Classifier;
  readonly summary: ModelSummary;
}

/**
 * Reads a model and finds out what a user can do with it.
 *
 * @param id handle for the summary
 * @throws HeliographError whatever is wrong with the file, the graph, or the graph as an image classifier
 */
export function openModel(
  id: string,
  name: string,
  bytes: Uint8Array,
  external: Readonly<Record<string, Uint8Array>>,
  options: OpenOptions,
): OpenedModel {
  const graph = readModel(bytes, external);
  checkWeights(graph);
  const { classifier, notices } = findClassifier(graph, { size: options.size });
  const guess = options.preprocessing
    ? { preprocessing: checkedPreprocessing(options.preprocessing, classifier), grounds: 'The model card states it.' }
    : guessPreprocessing(classifier);
  const externalBytes = Object.values(external).reduce((sum, file) => sum + file.byteLength, 0);
  const { layout, channels, height, width, classes } = classifier;
  return {
    classifier,
    summary: {
      id,
      name,
      bytes: bytes.byteLength + externalBytes,
      opset: graph.opsets.get('') ?? 0,
      inputName: classifier.image,
      inputShape: layout === 'NCHW' ? [1, channels, height, width] : [1, height, width, channels],
      outputName: classifier.logits,
      classes,
      preprocessing: guess.preprocessing,
      preprocessingGrounds: guess.grounds,
      labels: labelsIn(graph.metadata, classes),
      layers: layersOf(classifier),
      methods: METHOD_IDS.map((method) => ({ id: method, obstacle: obstacleOf(method, classifier) })),
      operators: operatorsOf(graph),
      notices,
    },
  };
}

function obstacleOf(method: (typeof METHOD_IDS)[number], classifier: Classifier): string | null {
  const obstacle = explainers[method].obstacle(classifier);
  return obstacle === null ? null : [obstacle.message, obstacle.remedy].filter((part) => part !== '').join(' ');
}

function operatorsOf(graph: Graph): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const node of graph.nodes) counts[node.op] = (counts[node.op] ?? 0) + 1;
  return counts;
}

/** A card's preprocessing, once it is sure that it belongs to this model. */
function checkedPreprocessing(preprocessing: Preprocessing, { layout, height, width, channels }: Classifier): Preprocessing {
  const own = preprocessing.channels === 'gray' ? 1 : 3;
  if (preprocessing.layout !== layout || preprocessing.height !== height || preprocessing.width !== width || own !== channels) {
    throw new HeliographError(
      'shape-mismatch',
      `The model card says ${preprocessing.layout}, ${own} × ${preprocessing.height} × ${preprocessing.width}; the model takes ${layout}, ${channels} × ${height} × ${width}.`,
      'Correct the card or leave its preprocessing out.',
    );
  }
  return preprocessing;
}
