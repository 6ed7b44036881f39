/**
 * What the studio and the command line may ask of the engine. In the browser the engine lives in a worker behind
 * comlink; in Node it is called directly. Everything here can be structured-cloned except the callbacks, which the
 * browser side passes through comlink's `proxy`.
 */
import type { Layout } from '../explain/classifier.ts';
import type { MethodId, MethodOptions } from '../explain/explainer.ts';
import type { Layer } from '../explain/layers.ts';
import type { ErrorCode } from '../graph/errors.ts';
import type { Shape } from '../graph/tensor.ts';
import type { Interpolation } from './resize.ts';

export type Backend = 'webgpu' | 'wasm';

export interface DeviceInfo {
  readonly backend: Backend;
  /** What the adapter calls itself, '' for wasm. */
  readonly adapter: string;
  /** Threads of the wasm runtime; 1 without cross-origin isolation. */
  readonly threads: number;
  /** Why it is not WebGPU, or why threads are few; '' when there is nothing to explain. */
  readonly note: string;
}

/** Progress of one job. `total` is null where it is not known. */
export interface Progress {
  readonly phase: 'download' | 'read' | 'compile' | 'warm-up' | 'steps';
  readonly done: number;
  readonly total: number | null;
}

/** How pixels become the model's input: `(value/255·scale − mean)/std` per channel, in this channel order. */
export interface Preprocessing {
  readonly layout: Layout;
  readonly height: number;
  readonly width: number;
  readonly channels: 'RGB' | 'BGR' | 'gray';
  /** 1 for inputs in 0…1 before mean and std, 255 for inputs in 0…255. */
  readonly scale: 1 | 255;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Length of the short side before the centre crop; equals the crop for “fill”. */
  readonly resizeShort: number;
  /** Filter of the resizing. */
  readonly interpolation: Interpolation;
}

export interface MethodInfo {
  readonly id: MethodId;
  /** null where the method applies, otherwise the sentence that says why not, naming operator and node. */
  readonly obstacle: string | null;
}

export interface ModelSummary {
  /** Handle for later calls. */
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly opset: number;
  readonly inputName: string;
  readonly inputShape: Shape;
  readonly outputName: string;
  readonly classes: number;
  /** Our guess or the card's statement, with the grounds for the guess in `preprocessingGrounds`. */
  readonly preprocessing: Preprocessing;
  readonly preprocessingGrounds: string;
  /** Labels found in the model's metadata, else null. */
  readonly labels: readonly string[] | null;
  readonly layers: readonly Layer[];
  readonly methods: readonly MethodInfo[];
  /** Operators and how often each occurs. */
  readonly operators: Readonly<Record<string, number>>;
  /** Sentences worth telling (quantised weights are taken as fixed, softmax at the end was set aside, ...). */
  readonly notices: readonly string[];
}

export type ModelSource =
  | {
      readonly kind: 'url';
      readonly url: string;
      readonly name: string;
      /** Size from the model card, for progress where the server compresses and so does not say it. */
      readonly bytes?: number;
    }
  | {
      readonly kind: 'files';
      readonly name: string;
      readonly model: Uint8Array;
      readonly external: Readonly<Record<string, Uint8Array>>;
    };

export interface OpenOptions {
  /** Height and width for models whose file leaves them open. */
  readonly size?: { readonly height: number; readonly width: number };
  /** From a model card; wins over guessing. */
  readonly preprocessing?: Preprocessing;
}

/** Class scores to explain: weights over classes, one-hot or a difference. */
export interface Target {
  readonly plus: number;
  readonly minus?: number;
}

export interface ExplainRequest {
  readonly model: string;
  readonly method: MethodId;
  readonly options: MethodOptions;
  /** Preprocessed image in the model's layout, float32. */
  readonly input: Float32Array;
  /** Absent for erf. */
  readonly target?: Target;
  /** erf: position at the layer, [y, x]. */
  readonly at?: readonly [number, number];
}

/** What a derived model bakes in: a class, the difference of two, or the class its own scores put first. Without one it stays an input. */
export type DeriveRequest = Omit<ExplainRequest, 'input' | 'target'> & { readonly target?: Target | 'top1' };

export interface MapData {
  readonly height: number;
  readonly width: number;
  /** Row-major, length height × width. Signed relevance. */
  readonly values: Float32Array;
}

export interface LayerMap extends MapData {
  readonly tensor: string;
}

export interface ExplainResult {
  readonly map: MapData;
  /** [C, H, W] flattened, whatever the model's layout: what the map is the sum over channels of. null for methods that have only a map. */
  readonly attribution: Float32Array | null;
  readonly logits: Float32Array;
  /** Relevance and feature norms of the strip's layers, if asked for. */
  readonly relevance: readonly LayerMap[];
  readonly norms: readonly LayerMap[];
  /** integrated-gradients: Σmap − (F(x) − F(x′)); srd: Σmap − F (identity start). null for others. */
  readonly completenessError: number | null;
  /** Explained scalar F(x); NaN for erf, which explains no score. */
  readonly score: number;
  readonly milliseconds: number;
  readonly backend: Backend;
  readonly steps: number;
}

export interface Classification {
  readonly logits: Float32Array;
  readonly milliseconds: number;
  readonly backend: Backend;
}

/** Insertion and deletion curves (Petsiuk et al. 2018): probability of the class as pixels come in order of relevance. */
export interface Curves {
  /** Fraction of pixels inserted or deleted, ascending from 0 to 1. */
  readonly fractions: Float32Array;
  readonly insertion: Float32Array;
  readonly deletion: Float32Array;
  readonly insertionAuc: number;
  readonly deletionAuc: number;
}

export interface CurvesRequest {
  readonly model: string;
  readonly input: Float32Array;
  readonly target: Target;
  readonly map: MapData;
  readonly points: number;
}

export interface ApopRequest {
  readonly model: string;
  readonly input: Float32Array;
  /** The uninformative input that carries the recorded pattern. */
  readonly carrier: Float32Array;
}

export interface ApopResult {
  readonly logits: Float32Array;
  readonly carrierLogits: Float32Array;
  /** The carrier's values under the image's activation pattern. */
  readonly patternLogits: Float32Array;
  readonly milliseconds: number;
}

export type OnProgress = (progress: Progress) => void;
/** The sum so far, after some steps of a method with many. */
export type OnPartial = (map: MapData, step: number, steps: number) => void;

/** How errors cross the worker boundary. */
export interface ErrorMessage {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
}

/**
 * Jobs are queued and run one after another. `job` is any string the caller makes up; `cancel(job)` ends it at the next
 * step, and the promise rejects with code `cancelled`.
 */
export interface Engine {
  device(): Promise<DeviceInfo>;
  /** Chooses the device; 'auto' prefers WebGPU. Sessions are made anew. */
  setBackend(backend: Backend | 'auto'): Promise<DeviceInfo>;
  openModel(job: string, source: ModelSource, options?: OpenOptions, onProgress?: OnProgress): Promise<ModelSummary>;
  closeModel(model: string): Promise<void>;
  classify(job: string, model: string, input: Float32Array, onProgress?: OnProgress): Promise<Classification>;
  explain(job: string, request: ExplainRequest, onProgress?: OnProgress, onPartial?: OnPartial): Promise<ExplainResult>;
  curves(job: string, request: CurvesRequest, onProgress?: OnProgress): Promise<Curves>;
  apop(job: string, request: ApopRequest, onProgress?: OnProgress): Promise<ApopResult>;
  /** The derived model as an ONNX file; with `target`/`at` they are baked in, otherwise they are inputs. */
  derive(job: string, request: DeriveRequest): Promise<Uint8Array>;
  cancel(job: string): Promise<void>;
}
