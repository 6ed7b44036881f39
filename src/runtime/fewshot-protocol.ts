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
import type { Backend, ModelSource, OnProgress } from './protocol.ts';

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

export interface PredictResult extends Prediction {
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
  predict(job: string, request: PredictRequest, onProgress?: OnProgress): Promise<PredictResult>;
  /** Progress counts episodes. Where the GPU is lost, it begins again on wasm. */
  evaluate(
    job: string,
    request: EvaluateRequest,
    load: LoadImages,
    onProgress?: OnProgress,
    onEpisode?: OnEpisode,
  ): Promise<EvaluateResult>;
}
