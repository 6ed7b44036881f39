import { describe, expect, it } from 'vitest';
import { ensembleCsv, stepsCsv } from './plot-tables.ts';

describe('plot tables', () => {
  it('leaves empty what is not known of a state', () => {
    const table = stepsCsv([
      { steps: 0, loss: null, accuracy: 0.2, queryAccuracy: null },
      { steps: 1, loss: 1.5, accuracy: 0.75, queryAccuracy: 0.5 },
    ]);
    expect(table).toBe('steps,loss,support_accuracy,query_accuracy\r\n0,,0.2,\r\n1,1.5,0.75,0.5\r\n');
  });

  it('counts assignments from one', () => {
    expect(ensembleCsv([0.9, 1])).toBe('assignments,query_accuracy\r\n1,0.9\r\n2,1\r\n');
  });
});
