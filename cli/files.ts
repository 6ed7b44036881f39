import { readFile, writeFile } from 'node:fs/promises';
import { fileError } from './failure.ts';

/** @throws HeliographError naming the file and why it cannot be read */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw fileError(error, path, 'read');
  }
}

/** Writes a file, or standard output for `-`. */
export async function writeOutput(path: string, bytes: Uint8Array): Promise<void> {
  if (path === '-') {
    await new Promise<void>((resolve, reject) => process.stdout.write(bytes, (error) => (error ? reject(error) : resolve())));
    return;
  }
  try {
    await writeFile(path, bytes);
  } catch (error) {
    throw fileError(error, path, 'write');
  }
}
