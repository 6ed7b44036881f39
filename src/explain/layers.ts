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
  return layers.map((layer, index) => {
    const next = layers.slice(index + 1).find((later) => later.height !== layer.height || later.width !== layer.width);
    const isLast = !layers.slice(index + 1).some((later) => later.height === layer.height && later.width === layer.width);
    return { ...layer, stage: isLast && (next === undefined || next.height <= layer.height) };
  });
}
