/**
 * What the studio and the command line may ask of the engine about few-shot learners, beside `protocol.ts`. Everything can be
 * structured-cloned except the callbacks. The engine keeps nothing of an episode: an adapted learner is plain data in the
 * caller's hands, so that cancelling or a lost worker loses no more than the running call.
 */
import type { InnerStep } from '../fewshot/adaptation.ts';
import type { PoolClass } from '../fewshot/episode.ts';
import type { EpisodeResult, Evaluation, EvaluationOptions } from '../fewshot/evaluation.ts';
import type { Adapted, Prediction, Support } from '../fewshot/learner.ts';
import type { LearnerCard } from '../fewshot/learner-card.ts';
import type { AdaptOptions } from '../fewshot/learners.ts';
import type { Backend, MapData, ModelSource, OnProgress } from './protocol.ts';

export interface LearnerSource {
  readonly card: LearnerCard;
  readonly model: ModelSource;
}

export interface LearnerSummary {
  /** Handle for later calls. */
  readonly id: string;
  readonly card: LearnerCard;
  /** How many numbers the inner loop adapts; 0 for learners without one. */
  readonly adaptedNumbers: number;
}

export interface AdaptRequest {
  readonly learner: string;
  readonly support: Support;
  /** Steps, learning rate and assignments where they differ from the card's; `from` goes on where another call ended. */
  readonly options: AdaptOptions;
}

export interface AdaptResult {
  readonly adapted: Adapted;
  readonly milliseconds: number;
  readonly backend: Backend;
}

export interface PredictRequest {
  readonly learner: string;
  readonly adapted: Adapted;
  /** [B, C, H, W], normalised as the card says. */
  readonly images: Float32Array;
  /**
   * Images that go through the network in the same batch and are not answered for: the support set, when a single drawing is
   * predicted, so that the statistics of the batch norms mean something.
   */
  readonly company?: Float32Array;
}

export interface EmbedRequest {
  readonly learner: string;
  /** [B, C, H, W], normalised as the card says. */
  readonly images: Float32Array;
}

export interface EmbedResult {
  /** [B, F]; of SimpleShot centred and normalised. */
  readonly features: Float32Array;
  readonly milliseconds: number;
  readonly backend: Backend;
}

export interface PredictResult extends Prediction {
  readonly milliseconds: number;
  readonly backend: Backend;
}

/** One image and the batch whose statistics its prediction stands on. */
export interface PredictedImageRequest {
  readonly learner: string;
  readonly adapted: Adapted;
  /** [1, C, H, W], normalised as the card says. */
  readonly image: Float32Array;
  /** What went through the network with it, as in `PredictRequest`. */
  readonly company?: Float32Array;
}

export interface FreezeRequest extends PredictedImageRequest {
  /** Names of the classes, for whoever opens the file. */
  readonly labels?: readonly string[];
}

export interface WhyRequest extends PredictedImageRequest {
  /** The class whose score is explained, 0 … N − 1. */
  readonly way: number;
}

export interface WhyResult {
  /** SRD of each pixel of the learner's input, identity start: sums to the score. */
  readonly map: MapData;
  /** The explained score, and those of all classes [N]: their softmax is what `predict` gives as probabilities. */
  readonly score: number;
  readonly scores: Float32Array;
  readonly milliseconds: number;
  readonly backend: Backend;
}

export interface EvaluateRequest {
  readonly learner: string;
  /** The pool's classes, in the order of their names. */
  readonly classes: readonly PoolClass[];
  readonly options: EvaluationOptions;
}

export interface EvaluateResult extends Evaluation {
  readonly milliseconds: number;
  readonly backend: Backend;
}

/** Gives images of one class of the pool, prepared as the card says and one after another: [n, C, H, W]. */
export type LoadImages = (classIndex: number, images: readonly number[]) => Promise<Float32Array>;
export type OnInnerStep = (step: InnerStep) => void;
export type OnEpisode = (result: EpisodeResult) => void;

/** Jobs are queued and cancelled like those of `Engine`, by the same `cancel`. */
export interface FewShotEngine {
  openLearner(job: string, source: LearnerSource, onProgress?: OnProgress): Promise<LearnerSummary>;
  closeLearner(learner: string): Promise<void>;
  adapt(job: string, request: AdaptRequest, onProgress?: OnProgress, onStep?: OnInnerStep): Promise<AdaptResult>;
  /**
   * Features of learners that compare with prototypes. SimpleShot's are of each image alone, so that they can be kept and prototypes
   * be made of them without the network.
   */
  embed(job: string, request: EmbedRequest): Promise<EmbedResult>;
  predict(job: string, request: PredictRequest, onProgress?: OnProgress): Promise<PredictResult>;
  /** The adapted network as an ONNX file: image [1, C, H, W] → class scores [1, N] (src/fewshot/frozen.ts). */
  freeze(job: string, request: FreezeRequest): Promise<Uint8Array>;
  /** Why the image is taken for a class. @throws HeliographError `method-not-applicable` where relevance cannot be followed */
  why(job: string, request: WhyRequest, onProgress?: OnProgress): Promise<WhyResult>;
  /** Progress counts episodes. Where the GPU is lost, it begins again on wasm. */
  evaluate(
    job: string,
    request: EvaluateRequest,
    load: LoadImages,
    onProgress?: OnProgress,
    onEpisode?: OnEpisode,
  ): Promise<EvaluateResult>;
}
