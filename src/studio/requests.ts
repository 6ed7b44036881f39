/** Which maps the settings ask for, and what each explains. Pure: the controller runs them, the interface shows them. */
import type { MethodId, MethodOptions } from '../explain/explainer.ts';
import type { Layer } from '../explain/layers.ts';
import type { ExplainResult, MapData, ModelSummary, Target } from '../runtime/protocol.ts';
import { labelOf } from './labels.ts';
import { methodFace, optionsOf } from './methods.ts';
import type { Explained } from './seeing/types.ts';
import type { Settings } from './state.ts';

export interface MapRequest {
  readonly method: MethodId;
  readonly options: MethodOptions;
  readonly target?: Target;
  readonly at?: readonly [number, number];
}

/** Identifies a result: the same input and request give the same map. */
export function keyOf(inputKey: string, { method, options, target, at }: MapRequest): string {
  return JSON.stringify([inputKey, method, options, target ?? null, at ?? null]);
}

/** Class indices from most to least likely. */
export function ranking(logits: Float32Array): readonly number[] {
  return Array.from(logits.keys()).sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0));
}

/** Probabilities of class scores, computed without overflow. */
export function softmax(logits: Float32Array): Float32Array {
  let most = Number.NEGATIVE_INFINITY;
  for (const logit of logits) most = Math.max(most, logit);
  const powers = logits.map((logit) => Math.exp(logit - most));
  let sum = 0;
  for (const power of powers) sum += power;
  return powers.map((power) => power / sum);
}

/** The class or difference of classes explained. Classes the model does not have count as not chosen. */
export function targetOf({ plus, minus }: Pick<Settings, 'plus' | 'minus'>, top: number, classes: number): Target {
  const chosen = plus !== null && plus < classes ? plus : top;
  return minus !== null && minus < classes && minus !== chosen ? { plus: chosen, minus } : { plus: chosen };
}

/** “tabby”, or “tabby − tiger cat”. */
export function targetName(target: Target, labels: readonly string[] | null): string {
  const plus = labelOf(labels, target.plus);
  return target.minus === undefined ? plus : `${plus} − ${labelOf(labels, target.minus)}`;
}

/** Why a method does not work for the model, or null. */
export function obstacleOf(model: ModelSummary, method: MethodId): string | null {
  const info = model.methods.find(({ id }) => id === method);
  return info ? info.obstacle : `${methodFace(method).name} is not offered for this model.`;
}

function layerNamed(model: ModelSummary, tensor: string | null): Layer | null {
  return model.layers.find((layer) => layer.tensor === tensor) ?? null;
}

/** The layer whose positions can be pointed at: the chosen one, else the last stage that has more than one position. */
export function erfLayerOf(model: ModelSummary, settings: Settings): Layer | null {
  const chosen = layerNamed(model, settings.erfLayer);
  if (chosen) return chosen;
  const wide = model.layers.filter(({ height, width }) => height * width > 1);
  return wide.filter(({ stage }) => stage).at(-1) ?? wide.at(-1) ?? null;
}

/** Layers of the strip, from the input on: the stages and whatever hidden layer is in use. */
export function stripLayers(model: ModelSummary, settings: Settings): readonly Layer[] {
  const used = new Set([settings.method === 'erf' ? erfLayerOf(model, settings)?.tensor : settings.layer]);
  return model.layers.filter(({ tensor, stage }) => stage || used.has(tensor));
}

/** SRD over all layers of the strip: gives the map at the input, relevance and feature norms in one run. */
export function stripRequest(model: ModelSummary, settings: Settings, target: Target): MapRequest | null {
  if (obstacleOf(model, 'srd') !== null) return null;
  const strip = stripLayers(model, settings).map(({ tensor }) => tensor);
  return { method: 'srd', options: { ...optionsOf('srd', settings), strip }, target };
}

/** The position whose field is shown: the chosen one if the layer has it, else the one with the largest feature norm. */
export function positionOf(layer: Layer, settings: Settings, norms: MapData | null): readonly [number, number] {
  const { at } = settings;
  if (at && at[0] < layer.height && at[1] < layer.width) return at;
  if (!norms || norms.width !== layer.width) return [Math.floor(layer.height / 2), Math.floor(layer.width / 2)];
  let best = 0;
  norms.values.forEach((value, index) => {
    if (value > (norms.values[best] ?? 0)) best = index;
  });
  return [Math.floor(best / norms.width), best % norms.width];
}

/** The map of the single view. null where the method does not apply. */
export function mainRequest(model: ModelSummary, settings: Settings, target: Target, norms: MapData | null): MapRequest | null {
  const { method } = settings;
  if (obstacleOf(model, method) !== null) return null;
  if (method === 'srd') return stripRequest(model, settings, target);
  if (method === 'erf') {
    const layer = erfLayerOf(model, settings);
    return layer && { method, options: { layer: layer.tensor }, at: positionOf(layer, settings, norms) };
  }
  return { method, options: usableOptions(model, method, settings), target };
}

/** Options the model can take: no layer of another model, no patch larger than the picture. */
function usableOptions(model: ModelSummary, method: MethodId, settings: Settings): MethodOptions {
  const { layer, ...options } = optionsOf(method, settings);
  if (method === 'occlusion') {
    const { height, width } = model.preprocessing;
    const patch = Math.min(settings.patch, height, width);
    return { patch, stride: Math.min(settings.stride, patch) };
  }
  return layer !== undefined && layerNamed(model, layer) ? { ...options, layer } : options;
}

/** Classes of the compare grid: the chosen ones the model has, else its two most likely. */
export function compareClasses(
  model: ModelSummary,
  settings: Pick<Settings, 'compareClasses'>,
  ranked: readonly number[],
): readonly number[] {
  const chosen = settings.compareClasses.filter((index) => index < model.classes);
  return chosen.length > 0 ? chosen : ranked.slice(0, 2);
}

/** One cell of the compare grid. null where the method does not apply. */
export function cellRequest(model: ModelSummary, settings: Settings, method: MethodId, index: number): MapRequest | null {
  if (obstacleOf(model, method) !== null) return null;
  return { method, options: usableOptions(model, method, settings), target: { plus: index } };
}

/** The map a result shows under these settings: for SRD at a hidden layer, that layer's relevance. */
export function mapOf(result: ExplainResult, settings: Settings, request: MapRequest): MapData {
  if (request.method !== 'srd' || settings.layer === null || !request.options.strip) return result.map;
  return result.relevance.find(({ tensor }) => tensor === settings.layer) ?? result.map;
}

/** What a map of the single view explains. */
export function explainedOf(
  model: ModelSummary,
  labels: readonly string[] | null,
  settings: Settings,
  request: MapRequest,
): Explained {
  const layer = request.method === 'srd' && request.options.strip?.includes(settings.layer ?? '') ? settings.layer : null;
  return {
    model: model.name,
    method: methodFace(request.method).name,
    target: request.target ? targetName(request.target, labels) : '',
    layer: layer ?? request.options.layer ?? null,
    start:
      request.at !== undefined
        ? `position ${request.at.join(', ')}`
        : request.options.start === undefined
          ? null
          : `${request.options.start} start`,
  };
}

/** The request whose derived model computes the map on screen, without the strip's further outputs. */
export function derivedRequest(request: MapRequest, settings: Settings): MapRequest {
  const { strip, ...options } = request.options;
  const layered = request.method === 'srd' && strip?.includes(settings.layer ?? '') && settings.layer !== null;
  return { ...request, options: layered && settings.layer !== null ? { ...options, layer: settings.layer } : options };
}
