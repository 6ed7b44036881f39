import type { HeliographError } from '../graph/errors.ts';
import type { StaticGraph } from '../graph/graph.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import type { Classifier } from './classifier.ts';

export const METHOD_IDS = [
  'srd',
  'erf',
  'gradient',
  'gradient-x-input',
  'integrated-gradients',
  'smoothgrad',
  'grad-cam',
  'occlusion',
  'rise',
] as const;
export type MethodId = (typeof METHOD_IDS)[number];

/** Where SRD's relevance starts: the class share of each position, or that less its mean over positions. */
export type Start = 'identity' | 'contrastive';

/**
 * Everything that changes the derived graph or the number of its steps. What only changes what is fed (image, target
 * class, ERF position) is not here, so that a session compiled once serves them all.
 */
export interface MethodOptions {
  /** srd */
  readonly start?: Start;
  /** srd, erf, grad-cam: name of a hidden tensor. srd: the map is at this tensor's positions instead of the image's. */
  readonly layer?: string;
  /** srd: hidden tensors whose relevance and feature norms come out of the same run (the layer strip). */
  readonly strip?: readonly string[];
  /** integrated-gradients, smoothgrad, rise: number of steps. */
  readonly steps?: number;
  /** smoothgrad: standard deviation of the noise as a fraction of the input's range. */
  readonly noise?: number;
  /** occlusion: side of the square patch and its stride, in input pixels. */
  readonly patch?: number;
  readonly stride?: number;
  /** grad-cam: clip the map at zero, as the paper does; without it negative evidence is kept. */
  readonly relu?: boolean;
  /** smoothgrad, rise: seed of the random numbers. */
  readonly seed?: number;
}

/** Values a run feeds besides the image. */
export type Feeds = Readonly<Record<string, FloatTensor>>;

/**
 * A compiled explanation. The map is the sum of the graph's output `map` over `steps` runs, so that a caller can show
 * progress, show the sum so far, and cancel; a method that needs one run has one step.
 *
 * Inputs of `graph`: the model's image input; `target` [1, classes] (weights over the class scores: one-hot for one class,
 * +1/−1 for a difference; not for erf); `seed` [h, w] (erf only: one-hot at the position); `reference` [] where
 * `needsReference` (F at the image as it is); and the step's feeds.
 * Outputs: `map` [H, W]; `attribution` [C, H, W] where `hasAttribution` (summed over the steps like the map); with one step
 * also `score` [] (the explained scalar F) and `logits` [1, classes]; and what `extras` names.
 */
export interface Program {
  readonly method: MethodId;
  readonly graph: StaticGraph;
  readonly steps: number;
  readonly needsReference: boolean;
  readonly hasAttribution: boolean;
  /** Feeds of one step besides image, target, seed and reference. Deterministic in step and seed. */
  stepFeeds(step: number): Feeds;
  /** Further outputs of the graph, by what they are: float32 [h, w]. */
  readonly extras: readonly ProgramExtra[];
  /**
   * The same explanation as one graph that needs no driver: steps are an ONNX Loop. Inputs: the image and, except for erf,
   * `target`; outputs `map` and, where the program has them, `attribution`, and `logits`.
   */
  standalone(): StaticGraph;
}

export interface ProgramExtra {
  readonly output: string;
  readonly kind: 'relevance' | 'norm';
  /** The hidden tensor of the model it belongs to. */
  readonly tensor: string;
}

export interface Explainer {
  readonly id: MethodId;
  /** null if the method works for this model, else the reason, naming operator and node. */
  obstacle(model: Classifier, options?: MethodOptions): HeliographError | null;
  /** @throws HeliographError `method-not-applicable`, `unknown-tensor` or `unsupported-operator` */
  compile(model: Classifier, options?: MethodOptions): Program;
}
