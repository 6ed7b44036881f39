import type { HeliographError } from '../graph/errors.ts';
import type { StaticGraph } from '../graph/graph.ts';

/** How a model's image input is laid out. */
export type Layout = 'NCHW' | 'NHWC';

/** An image classifier: a static graph, and which of its values are the image and the class scores. */
export interface Classifier {
  readonly graph: StaticGraph;
  /** Name of the image input, float32, [1, C, H, W] or [1, H, W, C]. */
  readonly image: string;
  readonly layout: Layout;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Name of the class scores before any softmax, [1, classes]. */
  readonly logits: string;
  readonly classes: number;
  /**
   * null for a model whose every operator is understood. Otherwise why not, and only inputs and scores have known types:
   * methods that look inside the model do not apply, those that only run it do.
   */
  readonly opaque: HeliographError | null;
}
