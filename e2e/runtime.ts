/** Runs an ONNX file in Node, with nothing of the studio between. */
import { InferenceSession, Tensor } from 'onnxruntime-web';

/** @param image values of the model's image input, in its own shape; other inputs are refused: the file must stand alone */
export async function runAlone(model: Uint8Array, image: Float32Array, dims: readonly number[]): Promise<Float32Array> {
  const session = await InferenceSession.create(model);
  const { map } = await session.run({ image: new Tensor('float32', image, dims) });
  await session.release();
  if (!(map?.data instanceof Float32Array)) throw new Error('The model has no output “map” of numbers.');
  return map.data;
}
