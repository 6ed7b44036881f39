import { HeliographError } from '../graph/errors.ts';
import { cancelled } from './queue.ts';

/**
 * Fetches a file and reports the bytes as they come.
 *
 * @param expected size in bytes from a model card, used where the server does not say
 * @param onBytes called with the bytes so far and their total, null where nobody knows it
 * @throws HeliographError `download-failed` or `cancelled`
 */
export async function download(
  url: string,
  expected: number | null,
  onBytes: (done: number, total: number | null) => void,
  signal: AbortSignal,
): Promise<Uint8Array> {
  try {
    const response = await fetch(url, { signal });
    if (!response.ok || response.body === null) {
      throw new HeliographError(
        'download-failed',
        `The server answered ${response.status} for “${url}”.`,
        'Check the address, then try again.',
      );
    }
    const chunks: Uint8Array[] = [];
    let done = 0;
    const total = expected ?? contentLength(response.headers);
    onBytes(0, total);
    const reader = response.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      chunks.push(part.value);
      done += part.value.length;
      onBytes(done, total);
    }
    return joined(chunks, done);
  } catch (error) {
    if (error instanceof HeliographError) throw error;
    if (signal.aborted) throw cancelled();
    throw new HeliographError('download-failed', `“${url}” could not be downloaded.`, 'Check the connection, then try again.', {
      cause: error,
    });
  }
}

/** The length of the body as we read it; a compressed body's header counts other bytes. */
function contentLength(headers: Headers): number | null {
  const length = Number(headers.get('content-length'));
  return headers.get('content-encoding') === null && length > 0 ? length : null;
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
