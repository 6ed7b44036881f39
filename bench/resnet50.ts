import { type Attributes, type Graph, int, ints, type Node } from '../src/graph/graph.ts';
import { float32, type Tensor } from '../src/graph/tensor.ts';

/** Blocks and bottleneck width of each stage of ResNet-50 (He et al., CVPR 2016, table 1). */
const STAGES = [
  { blocks: 3, width: 64 },
  { blocks: 4, width: 128 },
  { blocks: 6, width: 256 },
  { blocks: 3, width: 512 },
] as const;
/** A block's output has four times the channels of its bottleneck. */
const EXPANSION = 4;
const CLASSES = 1000;

/** Numbers of about normal distribution: the sum of four uniform ones of a linear congruential generator. */
function normals(count: number, deviation: number, seed: number): Float32Array {
  const values = new Float32Array(count);
  let state = seed >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  // A uniform number of width 1 has variance 1/12, four of them 1/3.
  const scale = deviation * Math.sqrt(3);
  for (let index = 0; index < count; index += 1) values[index] = scale * (uniform() + uniform() + uniform() + uniform());
  return values;
}

/**
 * ResNet-50 as torchvision lays it out (stride in the 3×3 convolution) and its exporter writes it: batch norm folded into
 * the convolutions, input `input` [1, 3, 224, 224], output `output` [1, 1000]. The weights are random (He initialisation),
 * which changes no operator's price.
 */
export function resnet50(): Graph {
  const nodes: Node[] = [];
  const initializers = new Map<string, Tensor>();

  const emit = (op: string, output: string, inputs: readonly string[], attributes: Attributes = {}): string => {
    nodes.push({ op, domain: '', name: `/${output}`, inputs, outputs: [output], attributes });
    return output;
  };
  const weight = (name: string, dims: readonly number[], fanIn: number): string => {
    const count = dims.reduce((product, dim) => product * dim, 1);
    initializers.set(name, float32(dims, normals(count, Math.sqrt(2 / fanIn), initializers.size + 1)));
    return name;
  };
  const conv = (x: string, name: string, channels: number, filters: number, kernel: number, stride: number): string => {
    const padding = (kernel - 1) >> 1;
    return emit(
      'Conv',
      name,
      [
        x,
        weight(`${name}.weight`, [filters, channels, kernel, kernel], channels * kernel * kernel),
        weight(`${name}.bias`, [filters], 100 * filters),
      ],
      {
        dilations: ints([1, 1]),
        group: int(1),
        kernel_shape: ints([kernel, kernel]),
        pads: ints([padding, padding, padding, padding]),
        strides: ints([stride, stride]),
      },
    );
  };

  let x = emit('Relu', 'relu', [conv('input', 'conv1', 3, 64, 7, 2)]);
  x = emit('MaxPool', 'maxpool', [x], { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]), strides: ints([2, 2]) });
  let channels = 64;
  STAGES.forEach(({ blocks, width }, stage) => {
    for (let block = 0; block < blocks; block += 1) {
      const name = `layer${stage + 1}.${block}`;
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const filters = width * EXPANSION;
      let y = emit('Relu', `${name}.relu1`, [conv(x, `${name}.conv1`, channels, width, 1, 1)]);
      y = emit('Relu', `${name}.relu2`, [conv(y, `${name}.conv2`, width, width, 3, stride)]);
      y = conv(y, `${name}.conv3`, width, filters, 1, 1);
      const skip = block === 0 ? conv(x, `${name}.downsample`, channels, filters, 1, stride) : x;
      x = emit('Relu', name, [emit('Add', `${name}.add`, [y, skip])]);
      channels = filters;
    }
  });
  const pooled = emit('GlobalAveragePool', 'avgpool', [x]);
  const features = emit('Flatten', 'flatten', [pooled], { axis: int(1) });
  emit('Gemm', 'output', [features, weight('fc.weight', [CLASSES, channels], channels), weight('fc.bias', [CLASSES], 1e4)], {
    transB: int(1),
  });

  return {
    name: 'resnet50',
    opsets: new Map([['', 18]]),
    inputs: [{ name: 'input', type: 'float32', dims: [1, 3, 224, 224] }],
    outputs: [{ name: 'output', type: 'float32', dims: [1, CLASSES] }],
    nodes,
    initializers,
    values: new Map(),
    metadata: new Map(),
  };
}
