/**
 * Everything a user can cause to fail ends in one of these: a sentence that says what happened, and one that says
 * what to do. Code that catches errors branches on `code`, never on the text.
 */
export type ErrorCode =
  | 'not-onnx'
  | 'truncated'
  | 'invalid-model'
  | 'missing-external-data'
  | 'unsupported-opset'
  | 'unsupported-operator'
  | 'dynamic-shape'
  | 'shape-mismatch'
  | 'not-a-classifier'
  | 'not-an-image-model'
  | 'method-not-applicable'
  | 'unknown-tensor'
  | 'bad-weights'
  | 'bad-image'
  | 'bad-array'
  | 'bad-document'
  | 'bad-episode'
  | 'bad-link'
  | 'device-lost'
  | 'out-of-memory'
  | 'runtime-failed'
  | 'download-failed'
  | 'storage-full'
  | 'cancelled';

export class HeliographError extends Error {
  override readonly name = 'HeliographError';

  /**
   * @param code what went wrong, for programs
   * @param message what happened, for people: one sentence naming the operator, node, file or value
   * @param remedy what the reader can do now: one sentence, or '' where the message says it all
   */
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly remedy = '',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
