#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { METHOD_IDS } from '../src/explain/explainer.ts';
import { compile } from './compile.ts';
import { episodes } from './episodes.ts';
import { explain } from './explain.ts';
import { FAILED, report, USAGE } from './failure.ts';
import { inspect } from './inspect.ts';

function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < minimum) throw new InvalidArgumentError(`It must be a whole number from ${minimum} on.`);
    return value;
  };
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('It must be a number greater than 0.');
  return value;
}

function pair(text: string): [number, number] {
  const match = /^(\d+),(\d+)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('It must be two whole numbers with a comma between them, such as 3,5.');
  return [Number(match[1]), Number(match[2])];
}

function classOrTop(text: string): number | 'top1' {
  if (text === 'top1') return text;
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be the number of a class, counted from 0, or top1.');
  return Number(text);
}

/** The options that say what to compute; the same for `explain` and `compile`. */
function addMethodOptions(command: Command): Command {
  return command
    .addOption(new Option('--method <method>', 'how to explain').choices(METHOD_IDS).makeOptionMandatory())
    .option('--target <class>', 'class to explain: its number, counted from 0, or top1', classOrTop)
    .option('--minus <class>', 'explain the target’s score less this class’s', wholeNumber(0))
    .addOption(new Option('--start <rule>', 'srd: where relevance starts').choices(['identity', 'contrastive']))
    .option('--layer <tensor>', 'srd: give relevance at this tensor; erf, grad-cam: the tensor explained (see inspect)')
    .option('--at <y,x>', 'erf: position at the layer', pair)
    .option('--steps <n>', 'integrated-gradients, smoothgrad, rise: number of steps', wholeNumber(1))
    .option('--noise <fraction>', 'smoothgrad: standard deviation as a fraction of the input’s range', positive)
    .option('--patch <pixels>', 'occlusion: side of the patch', wholeNumber(1))
    .option('--stride <pixels>', 'occlusion: distance between patches', wholeNumber(1))
    .option('--relu', 'grad-cam: clip the map at zero, as the paper does')
    .option('--seed <n>', 'smoothgrad, rise: seed of the random numbers', wholeNumber(0))
    .option('--size <height,width>', 'input size, for models whose file leaves it open', pair);
}

const program = new Command('heliograph')
  .description('See why an image network decided: explanations compiled into ONNX graphs.')
  .exitOverride()
  .showHelpAfterError('Run `heliograph --help` to see what is possible.');

addMethodOptions(
  program
    .command('explain')
    .description('write the relevance map of one image')
    .argument('<model>', 'ONNX file or the name of a bundled model'),
)
  .option('--image <file>', 'photograph, preprocessed as the model expects')
  .option('--input <file.npy>', 'input tensor, used as it is')
  .requiredOption('--out <file>', 'map to write: .npy (values) or .png (picture); - writes NPY to standard output')
  .option('--json', 'print what was computed as JSON')
  .action(explain);

addMethodOptions(
  program
    .command('compile')
    .description('write the explanation as an ONNX model')
    .argument('<model>', 'ONNX file or the name of a bundled model'),
)
  .requiredOption('--out <file.onnx>', 'model to write')
  .action(compile);

program
  .command('inspect')
  .description('show layers, operators, and which methods apply')
  .argument('<model>', 'ONNX file or the name of a bundled model')
  .option('--size <height,width>', 'input size, for models whose file leaves it open', pair)
  .option('--json', 'print everything as JSON')
  .action(inspect);

program
  .command('episodes')
  .description('measure a few-shot learner on random episodes')
  .requiredOption('--learner <name>', 'bundled learner, or a folder with a card.json and its model')
  .requiredOption('--images <folder>', 'a folder, or a tar archive, for each class')
  .option('--ways <n>', 'classes in an episode', wholeNumber(1), 5)
  .option('--shots <k>', 'labelled examples of each class', wholeNumber(1), 5)
  .option('--queries <q>', 'images of each class to predict', wholeNumber(1), 15)
  .option('--episodes <r>', 'number of episodes', wholeNumber(1), 600)
  .option('--seed <n>', 'seed of the episodes', wholeNumber(0), 1)
  .option('--assignments <j>', 'sets of output nodes that vote (default: as many as fit)', wholeNumber(1))
  .option('--json', 'print everything as JSON, every episode’s accuracy and the confusions included')
  .action(episodes);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has already said what was wrong; help and version end with 0.
    process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  } else {
    report(error);
    process.exitCode = FAILED;
  }
}
