import { HeliographError } from '../graph/errors.ts';
import { parseLabels } from '../runtime/labels.ts';

/**
 * Class labels from a file: text with one label a line, a JSON list, or a JSON object from class numbers to labels.
 * @throws HeliographError `bad-document` when it has not one label for each class
 */
export function readLabels(file: string, classes: number): readonly string[] {
  const labels = parseLabels(file);
  if (labels.length === classes) return labels;
  throw new HeliographError(
    'bad-document',
    `The file has ${labels.length} labels, the model ${classes} classes.`,
    'Choose a file with one label for each class, in the model’s order: one a line, or JSON.',
  );
}

/** ImageNet's labels list synonyms after commas; the first one names the class. */
export function shortLabel(label: string): string {
  return label.split(',')[0]?.trim() ?? label;
}

/** What a class is called; its number where there are no labels. */
export function labelOf(labels: readonly string[] | null, index: number): string {
  const label = labels?.[index];
  return label ? shortLabel(label) : `class ${index}`;
}
