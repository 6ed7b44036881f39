import { expect, test } from 'vitest';
import { int } from '../graph/graph.ts';
import { float32, type Tensor } from '../graph/tensor.ts';
import { gradientsOf } from './finite-differences.ts';
import { dequantizeLinear, quantizeLinear } from './quantization.ts';

const bytes = (type: 'int8' | 'uint8', dims: number[], values: number[]): Tensor =>
  type === 'int8' ? { type, dims, data: Int8Array.from(values) } : { type, dims, data: Uint8Array.from(values) };

test('QuantizeLinear passes the gradient straight through inside the range of codes and stops it outside', async () => {
  // scale ½, zero point 3, int8: codes −128 … 127 cover −65.75 … 62.25.
  const values = [-66, -65.7, 0, 1.24, 62.2, 62.3];
  const [gradient] = await gradientsOf(
    {
      rule: quantizeLinear,
      op: 'QuantizeLinear',
      inputs: [
        { tensor: float32([6], values) },
        { tensor: float32([], [0.5]), constant: true },
        { tensor: bytes('int8', [], [3]), constant: true },
      ],
    },
    float32([6], [1, 2, 3, 4, 5, 6]),
  );
  expect([...(gradient?.data ?? [])]).toEqual([0, 4, 6, 8, 10, 0]);
});

test('QuantizeLinear per channel uses each channel’s scale and range', async () => {
  const [gradient] = await gradientsOf(
    {
      rule: quantizeLinear,
      op: 'QuantizeLinear',
      inputs: [
        { tensor: float32([1, 2, 2], [1, -1, 200, 300]) },
        { tensor: float32([2], [0.25, 1]), constant: true },
        { tensor: bytes('uint8', [2], [0, 0]), constant: true },
      ],
      attributes: { axis: int(1) },
    },
    float32([1, 2, 2], [1, 1, 1, 1]),
  );
  expect([...(gradient?.data ?? [])]).toEqual([4, 0, 1, 0]);
});

test('DequantizeLinear scales the gradient; with QuantizeLinear before it the pair is the identity', async () => {
  const scales = { tensor: float32([2], [0.25, 3]), constant: true };
  const [gradient] = await gradientsOf(
    {
      // The codes carry a gradient although they are integers.
      rule: (builder, node, cotangents) => dequantizeLinear(builder, node, cotangents, [true, false, false]),
      op: 'DequantizeLinear',
      inputs: [
        { tensor: bytes('int8', [1, 2, 2], [1, 2, 3, 4]) },
        scales,
        { tensor: bytes('int8', [2], [1, 1]), constant: true },
      ],
      attributes: { axis: int(1) },
    },
    float32([1, 2, 2], [4, 8, 1, 2]),
  );
  expect([...(gradient?.data ?? [])]).toEqual([1, 2, 3, 6]);
});
