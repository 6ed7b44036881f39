import { windowOf } from '../../adjoint/window.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { int, intAttribute, ints, type Node, requiredInput } from '../../graph/graph.ts';
import { type FloatTensor, float32 } from '../../graph/tensor.ts';
import { notCovered } from '../positions.ts';

/** Up to this many input channels ‖W_k x‖² is taken from the products x_a x_b: fewer channels than K² vectors. */
const QUADRATIC_CHANNELS = 4;

/**
 * Least norm of a contribution. Far below any real one, it only matters where every contribution is exactly zero: then all
 * get the same share of the bias, as in the limit of equal norms, and no relevance is lost (reconstruction).
 */
const LEAST_NORM = 1e-18;

/** A convolution's constant weight, [C_out, C_in/group, kH, kW]. */
export function weightOf(builder: GraphBuilder, node: Node): FloatTensor {
  const weight = builder.constant(requiredInput(node, 1));
  if (weight?.type !== 'float32') throw notCovered(node, 'its weight is computed, not a constant');
  return weight;
}

/** Kernel offsets (row, column) in row-major order. */
export function kernelOffsets(builder: GraphBuilder, node: Node): (readonly [number, number])[] {
  const [height = 1, width = 1] = weightOf(builder, node).dims.slice(2);
  return Array.from({ length: height * width }, (_, k) => [Math.floor(k / width), k % width] as const);
}

/**
 * The kernel of one offset as a matrix of as few rows as give the same norms: W_k itself, or the triangular factor R
 * of W_kᵀW_k = RᵀR where it has more rows than columns (‖Rx‖ = ‖W_k x‖). Row-major.
 */
function offsetMatrix(weight: FloatTensor, firstRow: number, rows: number, k: number): Float64Array {
  const [, columns = 1, height = 1, width = 1] = weight.dims;
  const area = height * width;
  const first = firstRow * columns * area + k;
  const matrix = new Float64Array(rows * columns);
  for (let index = 0; index < matrix.length; index += 1) matrix[index] = weight.data[first + index * area] ?? 0;
  return rows <= columns ? matrix : triangularFactor(matrix, rows, columns);
}

/** A pivot this small against its diagonal entry is rounding: the column depends on those before it. */
const LEAST_PIVOT = 1e-14;

/**
 * R of W = QR, as the Cholesky factor of WᵀW: a third of the price of reflections. Its rounding in double precision lies
 * far below that of ‖Rx‖ in single.
 *
 * @param matrix W, rows × columns, row-major
 * @returns R, columns × columns, upper triangular, row-major
 */
export function triangularFactor(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const r = new Float64Array(columns * columns);
  for (let row = 0; row < rows; row += 1) addOuterProduct(r, matrix.subarray(row * columns, (row + 1) * columns), 1);
  const diagonal = Float64Array.from({ length: columns }, (_, index) => r[index * (columns + 1)] ?? 0);
  for (let pivot = 0; pivot < columns; pivot += 1) {
    const line = r.subarray(pivot * columns, (pivot + 1) * columns);
    const square = line[pivot] ?? 0;
    const scale = square > LEAST_PIVOT * (diagonal[pivot] ?? 0) ? 1 / Math.sqrt(square) : 0;
    for (let column = pivot; column < columns; column += 1) line[column] = (line[column] ?? 0) * scale;
    if (scale > 0) addOuterProduct(r, line, -1, pivot + 1);
  }
  return r;
}

/** Adds sign·vᵀv to the upper triangle of a square matrix, from row `first` on. */
function addOuterProduct(square: Float64Array, v: Float64Array, sign: 1 | -1, first = 0): void {
  const size = v.length;
  for (let row = first; row < size; row += 1) {
    const factor = sign * (v[row] ?? 0);
    if (factor === 0) continue;
    const start = row * size;
    for (let column = row; column < size; column += 1) {
      square[start + column] = (square[start + column] ?? 0) + factor * (v[column] ?? 0);
    }
  }
}

interface StackedKernel {
  readonly rank: number;
  readonly kernel: FloatTensor;
}

/** By weight, then groups and offsets: every program compiled for a model asks for the same factors. */
const stackedKernels = new WeakMap<FloatTensor, Map<string, StackedKernel>>();

function stackedKernel(weight: FloatTensor, groups: number, offsets: readonly number[]): StackedKernel {
  const known = stackedKernels.get(weight) ?? new Map<string, StackedKernel>();
  stackedKernels.set(weight, known);
  const key = `${groups}:${offsets.join(',')}`;
  const stacked = known.get(key) ?? stackKernel(weight, groups, offsets);
  known.set(key, stacked);
  return stacked;
}

/** 1×1 weights [group·offsets·r, C_in/group, 1, 1] whose outputs are the (reduced) contributions of the given offsets. */
function stackKernel(weight: FloatTensor, groups: number, offsets: readonly number[]): StackedKernel {
  const [out = 1, columns = 1] = weight.dims;
  const rows = out / groups;
  const rank = Math.min(rows, columns);
  const values = new Float32Array(groups * offsets.length * rank * columns);
  let position = 0;
  for (let group = 0; group < groups; group += 1) {
    for (const k of offsets) {
      values.set(offsetMatrix(weight, group * rows, rows, k), position);
      position += rank * columns;
    }
  }
  return { rank, kernel: float32([groups * offsets.length * rank, columns, 1, 1], values) };
}

/** ‖W_k x_i‖ for the given offsets at every position of x [N, C, H, W]: [N, offsets, H, W]. */
function normsEverywhere(
  builder: GraphBuilder,
  weight: FloatTensor,
  groups: number,
  x: string,
  offsets: readonly number[],
): string {
  const [batch = 1, channels = 1, height = 1, width = 1] = builder.shape(x);
  const columns = weight.dims[1] ?? 1;
  const root = (squared: string) =>
    builder.emit('Sqrt', [builder.emit('Max', [squared, builder.scalar(LEAST_NORM ** 2)])], {}, 'norms');
  if (columns === 1) {
    const kernel = builder.add(depthwiseSquares(weight, channels, offsets), 'norm_kernel');
    return root(builder.emit('Conv', [builder.multiply(x, x), kernel]));
  }
  if (groups === 1 && columns <= QUADRATIC_CHANNELS) {
    const { products, kernel } = quadraticForm(builder, weight, x, offsets);
    return root(builder.emit('Conv', [products, builder.add(kernel, 'norm_kernel')]));
  }
  const { rank, kernel } = stackedKernel(weight, groups, offsets);
  const vectors = builder.emit('Conv', [x, builder.add(kernel, 'norm_kernel')], groups === 1 ? {} : { group: int(groups) });
  const grouped = builder.reshape(vectors, [batch, groups, offsets.length, rank, height * width]);
  const norms = builder.emit('ReduceL2', [grouped, builder.ints([1, 3])], { keepdims: int(0) });
  return builder.reshape(builder.emit('Max', [norms, builder.scalar(LEAST_NORM)], {}, 'norms'), [
    batch,
    offsets.length,
    height,
    width,
  ]);
}

/** One input channel per group: ‖W_k x‖² = Σ_c w_k[c]² x[c]², a 1×1 kernel [offsets, C, 1, 1] on x². */
function depthwiseSquares(weight: FloatTensor, channels: number, offsets: readonly number[]): FloatTensor {
  const [out = 1, , height = 1, width = 1] = weight.dims;
  const multiplier = out / channels;
  const values = new Float32Array(offsets.length * channels);
  offsets.forEach((k, row) => {
    for (let channel = 0; channel < out; channel += 1) {
      const w = weight.data[channel * height * width + k] ?? 0;
      const index = row * channels + Math.floor(channel / multiplier);
      values[index] = (values[index] ?? 0) + w * w;
    }
  });
  return float32([offsets.length, channels, 1, 1], values);
}

/** ‖W_k x‖² = Σ_{a≤b} G_k[a, b] x_a x_b with the Gram matrix G_k = W_kᵀW_k (off-diagonal terms doubled). */
function quadraticForm(builder: GraphBuilder, weight: FloatTensor, x: string, offsets: readonly number[]) {
  const [out = 1, columns = 1, height = 1, width = 1] = weight.dims;
  const area = height * width;
  const pairs: [number, number][] = [];
  for (let a = 0; a < columns; a += 1) for (let b = a; b < columns; b += 1) pairs.push([a, b]);
  const values = new Float32Array(offsets.length * pairs.length);
  offsets.forEach((k, row) => {
    pairs.forEach(([a, b], column) => {
      let sum = 0;
      for (let o = 0; o < out; o += 1) {
        sum += (weight.data[(o * columns + a) * area + k] ?? 0) * (weight.data[(o * columns + b) * area + k] ?? 0);
      }
      values[row * pairs.length + column] = a === b ? sum : 2 * sum;
    });
  });
  // Selecting channels by a 1×1 convolution of ones and zeros keeps everything on the GPU.
  const select = (which: 0 | 1) => {
    const kernel = new Float32Array(pairs.length * columns);
    pairs.forEach((pair, row) => {
      kernel[row * columns + pair[which]] = 1;
    });
    return builder.emit('Conv', [x, builder.add(float32([pairs.length, columns, 1, 1], kernel), 'select')]);
  };
  return { products: builder.multiply(select(0), select(1)), kernel: float32([offsets.length, pairs.length, 1, 1], values) };
}

/**
 * Norms of all contributions of a convolution, ‖W_k x_i‖, at the positions i of its input: [N, K², H, W] (methods §1, fast form).
 * A strided kernel reads each input position at some of its offsets only; entries it never reads may hold anything or 0.
 */
export function contributionNorms(builder: GraphBuilder, node: Node, x: string): string {
  const weight = weightOf(builder, node);
  const groups = intAttribute(node, 'group', 1);
  const offsets = kernelOffsets(builder, node);
  const all = offsets.map((_, k) => k);
  const { strides } = windowOf(builder, node);
  const [rowStride = 1, columnStride = 1] = strides;
  const cheap = (weight.dims[1] ?? 1) <= QUADRATIC_CHANNELS;
  if (cheap || (rowStride === 1 && columnStride === 1)) return normsEverywhere(builder, weight, groups, x, all);
  return normsByPhase(builder, node, weight, groups, x);
}

/** Strided kernels: each offset only at the phase of the input grid that it reads, so nothing is computed in vain. */
function normsByPhase(builder: GraphBuilder, node: Node, weight: FloatTensor, groups: number, x: string): string {
  const { strides, dilations, padsBegin } = windowOf(builder, node);
  const [sy = 1, sx = 1] = strides;
  const [batch = 1, , height = 1, width = 1] = builder.shape(x);
  const padded = builder.emit(
    'Pad',
    [x, builder.ints([0, 0, 0, 0, 0, 0, -height + Math.ceil(height / sy) * sy, -width + Math.ceil(width / sx) * sx])],
    {},
    'whole_phases',
  );
  const phases = new Map<string, { y: number; x: number; offsets: number[] }>();
  const modulo = (value: number, by: number) => ((value % by) + by) % by;
  kernelOffsets(builder, node).forEach(([ky, kx], k) => {
    const y = modulo(ky * (dilations[0] ?? 1) - (padsBegin[0] ?? 0), sy);
    const column = modulo(kx * (dilations[1] ?? 1) - (padsBegin[1] ?? 0), sx);
    const key = `${y},${column}`;
    const phase = phases.get(key) ?? { y, x: column, offsets: [] };
    phase.offsets.push(k);
    phases.set(key, phase);
  });
  const [, , paddedHeight = 1, paddedWidth = 1] = builder.shape(padded);
  const parts: string[] = [];
  const total = kernelOffsets(builder, node).length;
  const placement = new Float32Array(total * total * sy * sx);
  let row = 0;
  for (const phase of phases.values()) {
    const slice = builder.emit('Slice', [
      padded,
      builder.ints([phase.y, phase.x]),
      builder.ints([paddedHeight, paddedWidth]),
      builder.ints([2, 3]),
      builder.ints([sy, sx]),
    ]);
    parts.push(normsEverywhere(builder, weight, groups, slice, phase.offsets));
    for (const k of phase.offsets) {
      placement[((row * total + k) * sy + phase.y) * sx + phase.x] = 1;
      row += 1;
    }
  }
  const stacked = parts.length === 1 ? (parts[0] ?? '') : builder.emit('Concat', parts, { axis: int(1) });
  const kernel = builder.add(float32([total, total, sy, sx], placement), 'phase_kernel');
  const whole = builder.emit('ConvTranspose', [stacked, kernel], { strides: ints([sy, sx]) }, 'norms');
  if (paddedHeight === height && paddedWidth === width) return whole;
  return builder.emit('Slice', [
    whole,
    builder.ints([0, 0, 0, 0]),
    builder.ints([batch, total, height, width]),
    builder.ints([0, 1, 2, 3]),
  ]);
}

/**
 * The contribution vectors themselves for every kernel offset k and batch entry o of x: what is returned gives W_k x_o
 * as [1, C_out, H, W]. They are added before their norm is taken, so all offsets keep one basis: no QR here.
 */
export function contributionVectors(builder: GraphBuilder, node: Node, x: string): (k: number, o: number) => string {
  const weight = weightOf(builder, node);
  const [out = 1, columns = 1, kernelHeight = 1, kernelWidth = 1] = weight.dims;
  const area = kernelHeight * kernelWidth;
  const { group } = node.attributes;
  const vectors = Array.from({ length: area }, (_, k) => {
    const values = Float32Array.from({ length: out * columns }, (_, entry) => weight.data[entry * area + k] ?? 0);
    const kernel = builder.add(float32([out, columns, 1, 1], values), 'contribution_kernel');
    return builder.emit('Conv', [x, kernel], group === undefined ? {} : { group }, 'contributions');
  });
  return (k, o) => builder.emit('Slice', [vectors[k] ?? '', builder.ints([o]), builder.ints([o + 1]), builder.ints([0])]);
}
