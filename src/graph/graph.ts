import { HeliographError } from './errors.ts';
import type { ElementType, Shape, Tensor } from './tensor.ts';

/** One dimension as a file states it: a size, a name (`batch`), or nothing. */
export type Dimension = number | string | null;

export interface ValueInfo {
  readonly name: string;
  readonly type: ElementType;
  /** null where the file states no rank at all. */
  readonly dims: readonly Dimension[] | null;
}

export type Attribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: Tensor }
  | { readonly kind: 'graph'; readonly value: Graph }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] };

export type Attributes = Readonly<Record<string, Attribute>>;

export interface Node {
  /** Operator name, e.g. `Conv`. */
  readonly op: string;
  /** '' for the standard ONNX operators. */
  readonly domain: string;
  readonly name: string;
  /** '' marks an omitted optional input. */
  readonly inputs: readonly string[];
  /** '' marks an unused optional output. */
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** A graph as read from an ONNX file: nodes in topological order, weights as initializers by name. */
export interface Graph {
  readonly name: string;
  /** Version of each operator domain; '' is ai.onnx. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Without the initializers, which old files repeat here. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly nodes: readonly Node[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** Types and shapes the file states for hidden values; hints only. */
  readonly values: ReadonlyMap<string, ValueInfo>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** What is known of a value once the graph's input shapes are fixed. */
export interface ValueType {
  readonly type: ElementType;
  readonly dims: Shape;
}

/**
 * A graph whose inputs have fixed shapes, whose nodes are in the canonical form of opset 18 or newer, and whose
 * every value therefore has a known type and shape. All transforms, adjoints and explainers work on this.
 */
export interface StaticGraph extends Graph {
  readonly types: ReadonlyMap<string, ValueType>;
}

/** The opset whose node forms all transforms work on. */
export const CANONICAL_OPSET = 18;

/** Attribute constructors: ONNX tells `1` (int) from `1.0` (float), JavaScript does not. */
export const int = (value: number): Attribute => ({ kind: 'int', value });
export const float = (value: number): Attribute => ({ kind: 'float', value });
export const text = (value: string): Attribute => ({ kind: 'string', value });
export const ints = (value: readonly number[]): Attribute => ({ kind: 'ints', value });
export const floats = (value: readonly number[]): Attribute => ({ kind: 'floats', value });
export const tensorValue = (value: Tensor): Attribute => ({ kind: 'tensor', value });
export const subgraph = (value: Graph): Attribute => ({ kind: 'graph', value });

/** How messages name a node: its own name where it has one, otherwise its first output. */
export function describeNode(node: Node): string {
  return `${node.domain === '' ? '' : `${node.domain}.`}${node.op} “${node.name || node.outputs.find((name) => name !== '') || '?'}”`;
}

function wrongKind(node: Node, name: string, wanted: string): HeliographError {
  return new HeliographError('invalid-model', `Attribute “${name}” of ${describeNode(node)} is not ${wanted}.`);
}

/** An integer attribute, or the default the operator's specification gives. */
export function intAttribute(node: Node, name: string, fallback: number): number {
  const attribute = node.attributes[name];
  if (attribute === undefined) return fallback;
  if (attribute.kind !== 'int') throw wrongKind(node, name, 'an integer');
  return attribute.value;
}

/** A float attribute, or the default the operator's specification gives. */
export function floatAttribute(node: Node, name: string, fallback: number): number {
  const attribute = node.attributes[name];
  if (attribute === undefined) return fallback;
  if (attribute.kind !== 'float') throw wrongKind(node, name, 'a float');
  return attribute.value;
}

/** A string attribute, or the default the operator's specification gives. */
export function stringAttribute(node: Node, name: string, fallback: string): string {
  const attribute = node.attributes[name];
  if (attribute === undefined) return fallback;
  if (attribute.kind !== 'string') throw wrongKind(node, name, 'a string');
  return attribute.value;
}

/** A list of integers, or undefined where the node does not give it. */
export function intsAttribute(node: Node, name: string): readonly number[] | undefined {
  const attribute = node.attributes[name];
  if (attribute === undefined) return undefined;
  if (attribute.kind !== 'ints') throw wrongKind(node, name, 'a list of integers');
  return attribute.value;
}

/** The node's input at `index`, or '' where it is omitted. */
export function inputAt(node: Node, index: number): string {
  return node.inputs[index] ?? '';
}

/** The node's input at `index`; throws where the file omits it. */
export function requiredInput(node: Node, index: number): string {
  const name = inputAt(node, index);
  if (name === '') throw new HeliographError('invalid-model', `${describeNode(node)} lacks its input ${index}.`);
  return name;
}

/** The node's output at `index`; throws where the file omits it. */
export function requiredOutput(node: Node, index: number): string {
  const name = node.outputs[index] ?? '';
  if (name === '') throw new HeliographError('invalid-model', `${describeNode(node)} lacks its output ${index}.`);
  return name;
}
