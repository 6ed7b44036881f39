/** What the studio's tests share: a small model and an engine whose answers a test gives by hand. */
import { METHOD_IDS } from '../explain/explainer.ts';
import { HeliographError } from '../graph/errors.ts';
import type {
  DeviceInfo,
  Engine,
  ExplainRequest,
  ExplainResult,
  ModelSummary,
  OnPartial,
  OnProgress,
} from '../runtime/protocol.ts';

export const SUMMARY: ModelSummary = {
  id: 'm1',
  name: 'small',
  bytes: 1000,
  opset: 18,
  inputName: 'image',
  inputShape: [1, 3, 8, 8],
  outputName: 'scores',
  classes: 3,
  preprocessing: {
    layout: 'NCHW',
    height: 8,
    width: 8,
    channels: 'RGB',
    scale: 1,
    mean: [0, 0, 0],
    std: [1, 1, 1],
    resizeShort: 8,
    interpolation: 'bilinear',
  },
  preprocessingGrounds: '',
  labels: null,
  layers: [
    { tensor: 'early', op: 'Relu', channels: 4, height: 4, width: 4, stage: true },
    { tensor: 'middle', op: 'Relu', channels: 4, height: 2, width: 2, stage: false },
    { tensor: 'late', op: 'Relu', channels: 4, height: 2, width: 2, stage: true },
  ],
  methods: METHOD_IDS.map((id) => ({ id, obstacle: null })),
  operators: {},
  notices: [],
};

const DEVICE: DeviceInfo = { backend: 'wasm', adapter: '', threads: 1, note: '' };

/** A call that waits for the test's answer. */
export interface Waiting {
  readonly job: string;
  readonly request: ExplainRequest;
  readonly progress: OnProgress | undefined;
  readonly partial: OnPartial | undefined;
  readonly answer: (result: ExplainResult) => void;
  readonly fail: (error: unknown) => void;
}

/** An engine that opens and classifies at once; `explain` waits, newest last in `explains`. */
export class HandEngine implements Engine {
  readonly explains: Waiting[] = [];
  readonly cancelled: string[] = [];
  readonly backends: string[] = [];
  logits = Float32Array.of(1, 3, 2);
  /** What `openModel` gives or throws. */
  open: () => ModelSummary = () => SUMMARY;

  async device() {
    return DEVICE;
  }
  async setBackend(backend: 'webgpu' | 'wasm' | 'auto') {
    this.backends.push(backend);
    return DEVICE;
  }
  async openModel() {
    return this.open();
  }
  async closeModel() {}
  async classify() {
    return { logits: this.logits, milliseconds: 5, backend: 'wasm' as const };
  }
  explain(job: string, request: ExplainRequest, progress?: OnProgress, partial?: OnPartial): Promise<ExplainResult> {
    return new Promise((answer, fail) => {
      this.explains.push({ job, request, progress, partial, answer, fail });
    });
  }
  async curves() {
    const none = new Float32Array();
    return { fractions: none, insertion: none, deletion: none, insertionAuc: 0, deletionAuc: 0 };
  }
  async apop() {
    return { logits: this.logits, carrierLogits: this.logits, patternLogits: this.logits, milliseconds: 1 };
  }
  async derive() {
    return new Uint8Array([1]);
  }
  async cancel(job: string) {
    this.cancelled.push(job);
    const waiting = this.explains.find((entry) => entry.job === job);
    waiting?.fail(new HeliographError('cancelled', 'Cancelled.'));
  }
}

/** A finished explanation whose map holds one value everywhere. */
export function resultOf(value: number): ExplainResult {
  const map = { height: 2, width: 2, values: new Float32Array(4).fill(value) };
  return {
    map,
    attribution: null,
    logits: Float32Array.of(1, 3, 2),
    relevance: [],
    norms: [],
    completenessError: null,
    score: 3,
    milliseconds: 7,
    backend: 'wasm',
    steps: 1,
  };
}
