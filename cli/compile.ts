import { extname } from 'node:path';
import { HeliographError } from '../src/graph/errors.ts';
import { writeOutput } from './files.ts';
import { checkArguments, type MethodArguments, methodOptions, targetOf } from './options.ts';
import { openModel } from './session.ts';

interface CompileArguments extends MethodArguments {
  readonly out: string;
}

/**
 * `heliograph compile`: the derived graph as an ONNX file. A class or position given here becomes a constant
 * of it; with `--target top1` the graph explains the class its own scores put first.
 */
export async function compile(modelArgument: string, given: CompileArguments): Promise<void> {
  if (extname(given.out).toLowerCase() !== '.onnx') {
    throw new HeliographError('bad-document', `--out ${given.out} is no name for a model.`, 'Let it end in .onnx.');
  }
  const { engine, summary } = await openModel(modelArgument, given.size);
  checkArguments(given, summary);
  const bytes = await engine.derive('compile', {
    model: summary.id,
    method: given.method,
    options: methodOptions(given),
    target: typeof given.target === 'number' ? targetOf(given.target, given.minus) : given.target,
    at: given.at,
  });
  await writeOutput(given.out, bytes);
  process.stderr.write(
    `${given.method} for ${summary.name} written to ${given.out} (${(bytes.length / 2 ** 20).toFixed(1)} MiB).\n`,
  );
}
