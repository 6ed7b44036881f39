/**
 * The numeric suite as data, so that the same cases run on wasm in Node and on the real WebGPU provider in a browser.
 * Expected values come from PyTorch, Captum and the literal SRD oracle in `training/` (the folders under `goldens/`).
 */
import type { MethodId, MethodOptions } from '../../src/explain/explainer.ts';
import type { Target } from '../../src/runtime/protocol.ts';

/** Tiny nets, small enough for a software GPU. */
export const TINY_NETS = ['basic', 'residual', 'vgg', 'depthwise', 'densenet', 'se', 'vit', 'normed', 'quantized'] as const;
export const NETS = [...TINY_NETS, 'efficientnet-lite0'] as const;
export type Net = (typeof NETS)[number];

/** What a case asks of the engine. */
export type Question =
  | { readonly ask: 'logits' }
  | { readonly ask: 'apop'; readonly carrier: string | null }
  | {
      readonly ask: 'map' | 'attribution';
      readonly method: MethodId;
      readonly options: MethodOptions;
      readonly target?: Target;
      readonly at?: readonly [number, number];
    };

export interface NumericCase {
  readonly name: string;
  readonly question: Question;
  /** .npy file in the net's folder. */
  readonly expected: string;
  /** Largest allowed ‖got − expected‖₂ / ‖expected‖₂. */
  readonly tolerance: number;
}

/** The parts of a golden.json the suite reads. */
export interface GoldenManifest {
  readonly model: string;
  readonly input: { readonly file: string };
  readonly output: { readonly file: string };
  readonly target: number;
  /** How far PyTorch's own float32 gradient is from its float64 one: no float32 runtime can do better. */
  readonly float32GradientError: number;
  readonly methods: {
    readonly gradient: { readonly file: string };
    readonly inputTimesGradient?: { readonly file: string };
    readonly integratedGradients?: { readonly file: string; readonly steps: number };
    readonly gradcam?: { readonly raw: string; readonly relu: string; readonly rawUpsampled: string; readonly tensor: string };
    readonly occlusion?: { readonly file: string; readonly window: number; readonly stride: number };
    readonly srd?: {
      readonly source: string;
      readonly starts: Readonly<Record<string, { readonly file: string; readonly target?: Readonly<Record<string, number>> }>>;
      readonly layers: readonly { readonly post: string; readonly file: string }[];
      readonly erf: readonly { readonly tensor: string; readonly y: number; readonly x: number; readonly file: string }[];
    };
    readonly apop?: readonly { readonly carrier: string; readonly logits: string }[];
  };
}

/** SRD and everything else agrees with its independent source at least this well in float32. */
const TOLERANCE = 1e-4;

/** All cases of one net. */
export function casesOf({ output, target: plus, float32GradientError, methods }: GoldenManifest): NumericCase[] {
  const target: Target = { plus };
  const cases: NumericCase[] = [];
  const add = (expected: string, question: Question) => {
    const tolerance = question.ask === 'attribution' ? Math.max(TOLERANCE, 3 * float32GradientError) : TOLERANCE;
    cases.push({ name: expected.replace('.npy', ''), question, expected, tolerance });
  };
  const map = (expected: string, method: MethodId, options: MethodOptions, what: Target = target) =>
    add(expected, { ask: 'map', method, options, target: what });

  add(output.file, { ask: 'logits' });
  add(methods.gradient.file, { ask: 'attribution', method: 'gradient', options: {}, target });
  if (methods.inputTimesGradient) {
    add(methods.inputTimesGradient.file, { ask: 'attribution', method: 'gradient-x-input', options: {}, target });
  }
  if (methods.integratedGradients) {
    const { file, steps } = methods.integratedGradients;
    add(file, { ask: 'attribution', method: 'integrated-gradients', options: { steps }, target });
  }
  if (methods.gradcam) {
    const { raw, relu, rawUpsampled, tensor } = methods.gradcam;
    map(raw, 'grad-cam', { layer: tensor });
    map(relu, 'grad-cam', { layer: tensor, relu: true });
    // Without a layer the explainer takes the last feature map, which is the golden's wherever SRD starts there, too.
    if (methods.srd?.source === tensor) map(rawUpsampled, 'grad-cam', {});
  }
  if (methods.occlusion) {
    const { file, window, stride } = methods.occlusion;
    map(file, 'occlusion', { patch: window, stride });
  }
  if (methods.srd) {
    const { starts, layers, erf } = methods.srd;
    for (const start of ['identity', 'contrastive'] as const) {
      const golden = starts[start];
      if (golden) map(golden.file, 'srd', { start });
    }
    const difference = starts.difference;
    if (difference?.target) map(difference.file, 'srd', { start: 'identity' }, differenceOf(difference.target));
    for (const { post, file } of layers) map(file, 'srd', { start: 'identity', layer: post });
    for (const { tensor, y, x, file } of erf) add(file, { ask: 'map', method: 'erf', options: { layer: tensor }, at: [y, x] });
  }
  for (const { carrier, logits } of methods.apop ?? [])
    add(logits, { ask: 'apop', carrier: carrier === 'zeros' ? null : carrier });
  return cases;
}

/** {"3": 1, "4": −1} as the difference of class 3 and class 4. */
function differenceOf(weights: Readonly<Record<string, number>>): Target {
  const of = (sign: number) => Number(Object.keys(weights).find((name) => weights[name] === sign));
  return { plus: of(1), minus: of(-1) };
}
