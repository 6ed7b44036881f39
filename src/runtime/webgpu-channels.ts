import { GraphBuilder } from '../graph/builder.ts';
import { intAttribute, type Node, type StaticGraph } from '../graph/graph.ts';
import { type FloatTensor, float32 } from '../graph/tensor.ts';

/** The WebGPU kernel reads input channels in groups of four. */
const PACK = 4;

/**
 * Whether onnxruntime-web 1.30's WebGPU convolution computes this node wrongly: two-dimensional, ungrouped, a kernel larger
 * than 1×1, input channels divisible by 3 but not by 4 (3 itself is right) and output channels divisible by 4. Measured
 * 2026-11 against wasm; onnxruntime issue 29651 reads alike.
 */
function isMiscomputed(node: Node, graph: StaticGraph): boolean {
  if (node.op !== 'Conv' || node.domain !== '' || intAttribute(node, 'group', 1) !== 1) return false;
  const [out = 0, channels = 0, ...kernel] = graph.types.get(node.inputs[1] ?? '')?.dims ?? [];
  return (
    kernel.length === 2 &&
    kernel.some((extent) => extent > 1) &&
    channels > 3 &&
    channels % 3 === 0 &&
    channels % PACK !== 0 &&
    out % PACK === 0
  );
}

/** The same graph with zero channels added where the WebGPU provider would compute a convolution wrongly without them. */
export function withSafeChannels(graph: StaticGraph): StaticGraph {
  if (!graph.nodes.some((node) => isMiscomputed(node, graph))) return graph;
  const builder = new GraphBuilder({ ...graph, nodes: [] });
  for (const node of graph.nodes) {
    const [image = '', weights = ''] = node.inputs;
    const extra = isMiscomputed(node, graph) ? PACK - ((builder.shape(weights)[1] ?? 0) % PACK) : 0;
    const padding = builder.ints([0, 0, 0, 0, 0, extra, 0, 0]);
    const renamed = new Map<string, string>();
    if (extra > 0) {
      renamed.set(image, builder.emit('Pad', [image, padding], {}, 'more_channels'));
      const constant = builder.constant(weights);
      const widened = constant?.type === 'float32' ? builder.add(widenWeights(constant, extra), weights) : null;
      renamed.set(weights, widened ?? builder.emit('Pad', [weights, padding]));
    }
    builder.replay(node, renamed);
  }
  return builder.finish(graph.outputs.map(({ name }) => ({ value: name, name })));
}

/** Weights [M, C, kH, kW] with `extra` input channels of zeros: [M, C + extra, kH, kW]. */
function widenWeights({ dims, data }: FloatTensor, extra: number): FloatTensor {
  const [out = 0, channels = 0, height = 0, width = 0] = dims;
  const area = height * width;
  const widened = new Float32Array(out * (channels + extra) * area);
  for (let row = 0; row < out; row += 1) {
    widened.set(data.subarray(row * channels * area, (row + 1) * channels * area), row * (channels + extra) * area);
  }
  return float32([out, channels + extra, height, width], widened);
}
