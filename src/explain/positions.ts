import { HeliographError } from '../graph/errors.ts';
import { describeNode, intAttribute, intsAttribute, type Node, type StaticGraph, stringAttribute } from '../graph/graph.ts';
import { parseEinsum } from '../graph/infer/linear.ts';
import { numbers, type Shape, sizeOf } from '../graph/tensor.ts';
import type { Classifier } from './classifier.ts';
import { WITHOUT_FEATURE_MAPS } from './obstacles.ts';

/**
 * What an axis of a feature map is: the PFV of a position runs along the channel axes, the positions are counted by
 * the others. Axes of size 1 are positions unless they came from a channel axis.
 */
export type AxisRole = 'channel' | 'position';

/** The roles of all image-dependent values' axes. A value whose axes cannot be told apart is missing. */
export type Roles = ReadonlyMap<string, readonly AxisRole[]>;

/** The axes along which a value's PFVs run. */
export function channelAxes(roles: Roles, value: string): number[] {
  const found = roles.get(value);
  if (found === undefined) {
    throw new HeliographError(
      'method-not-applicable',
      `It cannot be told which axes of tensor “${value}” are positions and which are channels.`,
      WITHOUT_FEATURE_MAPS,
    );
  }
  return found.flatMap((role, axis) => (role === 'channel' ? [axis] : []));
}

/** Follows the image's axes through the graph. */
export function axisRoles(model: Classifier): Roles {
  const roles = new Map<string, readonly AxisRole[]>();
  roles.set(
    model.image,
    model.layout === 'NCHW' ? ['position', 'channel', 'position', 'position'] : ['position', 'position', 'position', 'channel'],
  );
  for (const node of model.graph.nodes) {
    if (!node.inputs.some((name) => roles.has(name))) continue;
    for (const output of node.outputs) {
      const found = output === '' ? null : rolesOfOutput(node, output, model.graph, roles);
      if (found !== null) roles.set(output, found);
    }
  }
  return roles;
}

function dimsOf(graph: StaticGraph, value: string): Shape {
  return graph.types.get(value)?.dims ?? [];
}

function rolesOfOutput(node: Node, output: string, graph: StaticGraph, roles: Roles): readonly AxisRole[] | null {
  const dims = dimsOf(graph, output);
  const first = node.inputs.find((name) => roles.has(name)) ?? '';
  const incoming = roles.get(first) ?? [];
  const from = dimsOf(graph, first);
  const sameRank = () => (incoming.length === dims.length ? incoming : null);
  switch (node.op) {
    case 'Conv':
    case 'ConvTranspose':
      return dims.map((_, axis) => (axis === 1 ? 'channel' : 'position'));
    case 'Reshape':
    case 'Flatten':
    case 'Squeeze':
    case 'Unsqueeze':
      return rolesAfterReshape(from, incoming, dims);
    case 'Transpose': {
      const permutation = intsAttribute(node, 'perm') ?? dims.map((_, axis) => dims.length - 1 - axis);
      return permutation.map((axis) => incoming[axis] ?? 'position');
    }
    case 'Gemm':
      return ['position', 'channel'];
    case 'MatMul': {
      const [left = '', right = ''] = node.inputs;
      const rows = roles.get(left);
      const columns = roles.get(right);
      if (rows === undefined) return columns === undefined ? null : [...columns];
      const last = columns === undefined ? (rows.at(-1) ?? 'channel') : (columns.at(-1) ?? 'channel');
      const leading = rows.slice(0, -1);
      return leading.length + 1 === dims.length ? [...leading, last] : null;
    }
    case 'Einsum': {
      const { operands, result } = parseEinsum(stringAttribute(node, 'equation', ''));
      const found = new Map<string, AxisRole>();
      operands.forEach((labels, operand) => {
        const known = roles.get(node.inputs[operand] ?? '');
        [...labels].forEach((label, axis) => {
          const role = known?.[axis];
          if (role !== undefined && !found.has(label)) found.set(label, role);
        });
      });
      // A label that only constants have counts features: a weight's rows.
      return [...result].map((label) => found.get(label) ?? 'channel');
    }
    case 'Gather': {
      const axis = (intAttribute(node, 'axis', 0) + from.length) % from.length;
      const extra = dims.length - from.length + 1;
      const role = incoming[axis] ?? 'position';
      return [...incoming.slice(0, axis), ...new Array<AxisRole>(Math.max(extra, 0)).fill(role), ...incoming.slice(axis + 1)];
    }
    case 'ReduceMean':
    case 'ReduceSum':
    case 'ReduceMax':
    case 'ReduceMin':
    case 'ReduceL2': {
      if (intAttribute(node, 'keepdims', 1) === 1) return sameRank();
      const constant = graph.initializers.get(node.inputs[1] ?? '');
      const axes =
        constant === undefined
          ? from.map((_, axis) => axis)
          : numbers(constant).map((axis) => (axis + from.length) % from.length);
      return incoming.filter((_, axis) => !axes.includes(axis));
    }
    case 'Shape':
    case 'Size':
    case 'ArgMax':
    case 'ArgMin':
    case 'TopK':
      return null;
    default:
      return rolesAfterBroadcast(node, dims, roles);
  }
}

/** Pointwise and broadcasting operators, and all others that keep the rank: each axis takes its role from the first operand that has it. */
function rolesAfterBroadcast(node: Node, dims: Shape, roles: Roles): readonly AxisRole[] | null {
  const result = new Array<AxisRole | null>(dims.length).fill(null);
  for (const name of node.inputs) {
    const incoming = roles.get(name);
    if (incoming === undefined) continue;
    const shift = dims.length - incoming.length;
    if (shift < 0) return null;
    incoming.forEach((role, axis) => {
      result[axis + shift] ??= role;
    });
  }
  return result.map((role) => role ?? 'position');
}

/**
 * Roles after a reshape: input and output axes are matched in the smallest groups of equal size. A group of one role
 * keeps it; a group that merges channels with positions becomes channels (a flattened map is one PFV).
 */
function rolesAfterReshape(from: Shape, incoming: readonly AxisRole[], dims: Shape): readonly AxisRole[] {
  const result = new Array<AxisRole>(dims.length).fill('position');
  let i = 0;
  let o = 0;
  while (i < from.length && o < dims.length) {
    const start = [i, o] as const;
    let [left, right] = [from[i] ?? 1, dims[o] ?? 1];
    i += 1;
    o += 1;
    while (left !== right) {
      if (left < right) left *= from[i++] ?? 1;
      else right *= dims[o++] ?? 1;
      if (i > from.length || o > dims.length) break;
    }
    // Trailing axes of size 1 belong to the group before them.
    while (i < from.length && from[i] === 1 && sizeOf(from.slice(i)) === 1) i += 1;
    while (o < dims.length && dims[o] === 1 && sizeOf(dims.slice(o)) === 1) o += 1;
    const members = from
      .slice(start[0], i)
      .flatMap((dim, k) => (dim > 1 || i - start[0] === 1 ? [incoming[start[0] + k] ?? 'position'] : []));
    const role: AxisRole = members.includes('channel') ? 'channel' : 'position';
    for (let k = start[1]; k < o; k += 1) result[k] = (dims[k] ?? 1) > 1 || o - start[1] === 1 ? role : 'position';
  }
  return result;
}

/** Whether a reshape merged channels with positions, i.e. the value is no longer a map of positions. */
export function hasPositions(graph: StaticGraph, roles: Roles, value: string): boolean {
  const found = roles.get(value);
  const dims = dimsOf(graph, value);
  return found?.some((role, axis) => role === 'position' && (dims[axis] ?? 1) > 1) ?? false;
}

/** A sentence for a node whose form SRD does not cover. */
export function notCovered(node: Node, why: string): HeliographError {
  return new HeliographError(
    'method-not-applicable',
    `Relevance cannot be shared through ${describeNode(node)}: ${why}.`,
    WITHOUT_FEATURE_MAPS,
  );
}
