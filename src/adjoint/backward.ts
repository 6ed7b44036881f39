import type { GraphBuilder } from '../graph/builder.ts';
import { HeliographError } from '../graph/errors.ts';
import { describeNode, type Node } from '../graph/graph.ts';
import type { AdjointRule } from './rule.ts';
import { adjointRules } from './rules.ts';

/** The values of `nodes` that depend on any of `sources`, the sources included. */
export function dependentValues(nodes: readonly Node[], sources: Iterable<string>): Set<string> {
  const dependent = new Set(sources);
  for (const node of nodes) {
    if (node.inputs.some((name) => dependent.has(name))) {
      for (const name of node.outputs) if (name !== '') dependent.add(name);
    }
  }
  return dependent;
}

/** The nodes on some path from a source to a target, in their order. */
export function nodesBetween(nodes: readonly Node[], sources: Iterable<string>, targets: Iterable<string>): Node[] {
  const dependent = dependentValues(nodes, sources);
  const needed = new Set(targets);
  const between: Node[] = [];
  for (const node of [...nodes].reverse()) {
    if (node.outputs.some((name) => needed.has(name)) && node.inputs.some((name) => dependent.has(name))) {
      between.push(node);
      for (const name of node.inputs) if (dependent.has(name)) needed.add(name);
    }
  }
  return between.reverse();
}

/** The rule for a node, or a sentence naming operator and node. */
export function ruleFor(node: Node): AdjointRule {
  const rule = node.domain === '' ? adjointRules[node.op] : undefined;
  if (rule === undefined) {
    throw new HeliographError(
      'unsupported-operator',
      `No derivative is known for ${describeNode(node)}.`,
      'Occlusion and RISE work for every model whatever its operators.',
    );
  }
  return rule;
}

/** The first node between sources and target that has no adjoint rule, or null. */
export function missingRule(nodes: readonly Node[], sources: Iterable<string>, targets: Iterable<string>): Node | null {
  return nodesBetween(nodes, sources, targets).find((node) => node.domain !== '' || !(node.op in adjointRules)) ?? null;
}

/** Names of cotangents by the value they belong to; several contributions to one value are added when they are read. */
export class Cotangents {
  readonly #parts = new Map<string, string>();

  constructor(private readonly builder: GraphBuilder) {}

  add(value: string, cotangent: string): void {
    const known = this.#parts.get(value);
    this.#parts.set(value, known === undefined ? cotangent : this.builder.addValues(known, cotangent));
  }

  get(value: string): string | null {
    return this.#parts.get(value) ?? null;
  }
}

/**
 * Reverse-mode differentiation: emits the vector–Jacobian product of the builder's forward nodes.
 *
 * @param forward the forward nodes, in order
 * @param seeds for each seeded value the name of its cotangent (same shape)
 * @param wrt values whose cotangents are wanted: the image, hidden tensors, parameters
 * @param instead rules by operator that take the place of the derivative's
 * @returns for each of `wrt` the name of its cotangent, or null where the seeds do not depend on it
 * @throws HeliographError `unsupported-operator` naming the first operator without a rule
 */
export function backward(
  builder: GraphBuilder,
  forward: readonly Node[],
  seeds: ReadonlyMap<string, string>,
  wrt: readonly string[],
  instead: Readonly<Record<string, AdjointRule>> = {},
): Map<string, string | null> {
  const dependent = dependentValues(forward, wrt);
  const cotangents = new Cotangents(builder);
  for (const [value, cotangent] of seeds) cotangents.add(value, cotangent);
  for (const node of nodesBetween(forward, wrt, seeds.keys()).reverse()) {
    const incoming = node.outputs.map((name) => (name === '' ? null : cotangents.get(name)));
    if (incoming.every((name) => name === null)) continue;
    const wanted = node.inputs.map((name) => dependent.has(name));
    const rule = node.domain === '' ? instead[node.op] : undefined;
    const outgoing = (rule ?? ruleFor(node))(builder, node, incoming, wanted);
    node.inputs.forEach((name, index) => {
      const cotangent = outgoing[index];
      if (wanted[index] === true && cotangent !== null && cotangent !== undefined) cotangents.add(name, cotangent);
    });
  }
  return new Map(wrt.map((value) => [value, cotangents.get(value)]));
}
