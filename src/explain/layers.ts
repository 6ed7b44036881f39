import type { Classifier } from './classifier.ts';
import { FeatureMaps } from './grid.ts';
import { findHead } from './head.ts';
import { obstacleOf } from './obstacles.ts';

/** A hidden tensor a user can name. */
export interface Layer {
  readonly tensor: string;
  /** Operator that makes it. */
  readonly op: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Last tensor of its resolution on the way to the class scores: the default layer strip. */
  readonly stage: boolean;
}

/** The hidden maps between image and last feature map, first to last. Empty for opaque models and models without feature maps. */
export function layersOf(model: Classifier): readonly Layer[] {
  if (model.opaque !== null) return [];
  const maps = new FeatureMaps(model);
  const layers: Layer[] = [];
  const failure = obstacleOf(() => {
    for (const tensor of maps.signalTo(findHead(maps).feature)) {
      const grid = maps.grid(tensor);
      const op = maps.paths.producer(tensor)?.op;
      // A max-pool is one affine map with what follows it: relevance lies before and behind it, not on it.
      if (grid === null || op === undefined || op === 'MaxPool') continue;
      const positions = maps.relevanceShape(tensor).reduce((a, b) => a * b, 1);
      const channels = maps.shape(tensor).reduce((a, b) => a * b, 1) / positions;
      layers.push({ tensor, op, channels, height: grid.height, width: grid.width, stage: false });
    }
  });
  if (failure !== null) return [];
  const bottlenecks = passedByAll(
    layers.map(({ tensor }) => tensor),
    maps,
  );
  const last = new Map<string, number>();
  layers.forEach((layer, index) => {
    if (bottlenecks.has(layer.tensor)) last.set(`${layer.height}×${layer.width}`, index);
  });
  const stages = new Set(last.values());
  return layers.map((layer, index) => ({ ...layer, stage: stages.has(index) }));
}

/** The tensors that no path from image to class scores goes round: the whole relevance lies on each of them. */
function passedByAll(tensors: readonly string[], maps: FeatureMaps): ReadonlySet<string> {
  const place = new Map(tensors.map((tensor, index) => [tensor, index]));
  // Where the latest reader of any tensor so far stands: a tensor before it is gone round.
  let furthest = 0;
  const readers = new Map<number, number>();
  for (const tensor of tensors) {
    for (const source of sourcesOf(tensor, place, maps)) {
      const at = place.get(source) ?? -1;
      readers.set(at, Math.max(readers.get(at) ?? 0, place.get(tensor) ?? 0));
    }
  }
  furthest = readers.get(-1) ?? 0;
  return new Set(
    tensors.filter((_, index) => {
      const isPassed = furthest <= index;
      furthest = Math.max(furthest, readers.get(index) ?? 0);
      return isPassed;
    }),
  );
}

/** The listed tensors, or the image, that a tensor is computed from, through whatever lies between. */
function sourcesOf(tensor: string, listed: ReadonlyMap<string, number>, maps: FeatureMaps): string[] {
  const inputs = maps.signalInputs(tensor);
  return inputs.flatMap((input) => (listed.has(input) || input === maps.model.image ? [input] : sourcesOf(input, listed, maps)));
}
