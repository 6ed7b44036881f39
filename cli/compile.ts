import { extname } from 'node:path';
import { HeliographError } from '../src/graph/errors.ts';
import { writeOutput } from './files.ts';
import { checkArguments, type MethodArguments, methodOptions, targetOf } from './options.ts';
import { openModel } from './session.ts';

interface CompileArguments extends MethodArguments {
  readonly out: string;
}

/** `heliograph compile`: the derived graph as an ONNX file. A target or position given here becomes a constant of it. */
export async function compile(modelArgument: string, given: CompileArguments): Promise<void> {
  if (extname(given.out).toLowerCase() !== '.onnx') {
    throw new HeliographError('bad-document', `--out ${given.out} is no name for a model.`, 'Let it end in .onnx.');
  }
  if (given.target === 'top1') {
    throw new HeliographError(
      'bad-document',
      'compile knows no image, so there is no top1.',
      'Give a class number, or leave out --target to keep it an input.',
    );
  }
  const { engine, summary } = await openModel(modelArgument, given.size);
  checkArguments(given, summary);
  const bytes = await engine.derive('compile', {
    model: summary.id,
    method: given.method,
    options: methodOptions(given),
    target: given.target === undefined ? undefined : targetOf(given.target, given.minus),
    at: given.at,
  });
  await writeOutput(given.out, bytes);
  process.stderr.write(
    `${given.method} for ${summary.name} written to ${given.out} (${(bytes.length / 2 ** 20).toFixed(1)} MiB).\n`,
  );
}
