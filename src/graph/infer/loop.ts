import { HeliographError } from '../errors.ts';
import { describeNode, type Graph, type ValueType } from '../graph.ts';
import { constantValue } from './creation.ts';
import { type InferRule, type Scope, typed } from './inference.ts';

type InferIn = (node: Graph['nodes'][number], inputs: readonly (ValueType | undefined)[], scope: Scope) => readonly ValueType[];

/**
 * Loop: values carried from one trip to the next keep the type they start with; every scan output gets a new first
 * axis with one entry a trip, so it needs a constant trip count.
 * @param infer infers one node of the body, where the names outside can be seen
 */
export function loopRule(infer: InferIn): InferRule {
  return (at) => {
    const body = at.node.attributes.body;
    if (body?.kind !== 'graph') throw new HeliographError('invalid-model', `${describeNode(at.node)} has no body.`);
    const carried = at.inputs.slice(2).map((_, index) => at.type(index + 2));
    const results = inferBody(body.value, [typed('int64', []), typed('bool', []), ...carried], at.scope, infer);
    carried.forEach((type, index) => {
      const result = results[index + 1];
      if (result === undefined || `${result.dims}` !== `${type.dims}` || result.type !== type.type) {
        throw at.mismatch(`the carried value ${index} is [${type.dims}] before the body and [${result?.dims}] after it`);
      }
    });
    const scans = results.slice(1 + carried.length);
    if (scans.length > 0 && !at.has(0)) throw at.unsupported('how many entries it collects is only known at run time');
    const trips = scans.length === 0 ? 0 : (at.values(0)[0] ?? 0);
    return [...carried, ...scans.map((type) => typed(type.type, [trips, ...type.dims]))];
  };
}

function inferBody(body: Graph, inputs: readonly ValueType[], outer: Scope, infer: InferIn): ValueType[] {
  const types = new Map<string, ValueType>();
  const constants = new Map(body.initializers);
  for (const [name, tensor] of constants) types.set(name, typed(tensor.type, tensor.dims));
  body.inputs.forEach((input, index) => {
    const type = inputs[index];
    if (type !== undefined) types.set(input.name, type);
  });
  const scope: Scope = {
    constant: (name) => constants.get(name) ?? (types.has(name) ? undefined : outer.constant(name)),
    type: (name) => types.get(name) ?? outer.type(name),
    opsets: outer.opsets,
  };
  for (const node of body.nodes) {
    const results = infer(
      node,
      node.inputs.map((name) => (name === '' ? undefined : scope.type(name))),
      scope,
    );
    node.outputs.forEach((name, index) => {
      const type = results[index];
      if (name !== '' && type !== undefined) types.set(name, type);
    });
    const [output] = node.outputs;
    const value = node.op === 'Constant' ? constantValue(node) : undefined;
    if (output !== undefined && value !== undefined) constants.set(output, value);
  }
  return body.outputs.map((output) => {
    const type = scope.type(output.name);
    if (type === undefined) throw new HeliographError('invalid-model', `Nothing computes “${output.name}” in a loop body.`);
    return type;
  });
}
