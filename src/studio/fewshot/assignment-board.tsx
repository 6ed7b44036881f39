import { Button, Slider } from '@mantine/core';
import { IconArrowsShuffle } from '@tabler/icons-react';
import { symbol } from 'd3-shape';
import { type CSSProperties, useState } from 'react';
import { type Assignments, sumOverAssignments } from '../../fewshot/assignments.ts';
import { NumberEntry } from '../fields.tsx';
import panels from '../panels.module.css';
import { formatNumber, formatReading } from '../seeing/numbers.ts';
import styles from './assignment-board.module.css';
import { classColour, classShape } from './class-look.ts';
import { EnsemblePlot } from './ensemble-plot.tsx';
import { listName, type NodeRole, nodeRoles } from './node-roles.ts';

export interface AssignmentBoardProps {
  /** Number O of the learner’s output nodes; 0 for learners without. */
  readonly nodes: number;
  /** Names of the episode’s classes, by way. */
  readonly classes: readonly string[];
  readonly assignments: Assignments;
  /** ⌊O/N⌋, how many assignments there is room for. */
  readonly most: number;
  /** Every node’s answer [O] to the picture asked about. */
  readonly logits: Float32Array | null;
  /** How many predictions stayed as they were when the nodes were last shuffled. */
  readonly held: { readonly same: number; readonly of: number } | null;
  /** Query accuracy of the first j assignments, j = 1 … J, and of how many queries. */
  readonly ensemble: { readonly accuracies: readonly number[]; readonly queries: number } | null;
  readonly onCount: (count: number) => void;
  readonly onShuffle: () => void;
}

/** Label equivalence, made visible: it is the same which node speaks for which class, and the prediction should not mind. */
export function AssignmentBoard(props: AssignmentBoardProps) {
  const { nodes, classes, assignments, logits, held, ensemble, onShuffle } = props;
  const [pointed, setPointed] = useState<number | null>(null);
  if (nodes === 0) {
    return (
      <p className={panels.quiet}>
        There is nothing to assign: this learner has no output nodes. It compares a picture with each class’s own examples, so the
        order and the names of the classes cannot matter. Label equivalence is built in.
      </p>
    );
  }
  const roles = nodeRoles(nodes, assignments);
  const limit = Math.max(1e-6, ...(logits ?? []).map(Math.abs));
  const used = assignments.length * classes.length;
  return (
    <div className={styles.board}>
      <div className={styles.shuffle}>
        <Button size="compact-sm" variant="default" leftSection={<IconArrowsShuffle size={14} />} onClick={onShuffle}>
          Shuffle the nodes
        </Button>
        <p className={styles.held} role="status">
          {held ? (
            <>
              Predictions held for <strong>{held.same}</strong> of <strong>{held.of}</strong> queries
            </>
          ) : (
            'Will the predictions hold?'
          )}
        </p>
      </div>
      <div className={styles.parts}>
        <ul className={styles.nodes} aria-label={`${nodes} output nodes and the classes they speak for`}>
          {roles.map((role, node) => (
            <Node
              key={node}
              node={node}
              role={role}
              name={role ? (classes[role.way] ?? '') : ''}
              logit={logits?.[node] ?? null}
              limit={limit}
              dim={pointed !== null && role?.way !== pointed}
              onPoint={setPointed}
            />
          ))}
        </ul>
        <Sums
          classes={classes}
          sums={logits && assignments.length > 0 ? sumOverAssignments(logits, nodes, assignments) : null}
          pointed={pointed}
          onPoint={setPointed}
        />
      </div>
      <p className={panels.quiet}>
        A tile is an output node: the class it speaks for, and a letter for the assignment. Its bar is the node’s answer (logit)
        to the picture asked about, {logits ? `${formatReading(-limit, limit)} to ${formatReading(limit, limit)}` : 'none yet'}.{' '}
        {used < nodes ? `${nodes - used} of ${nodes} nodes are not used.` : 'All nodes are used.'}
      </p>
      <Count {...props} />
      {ensemble && ensemble.accuracies.length > 1 && <EnsemblePlot {...ensemble} />}
    </div>
  );
}

interface NodeProps {
  readonly node: number;
  readonly role: NodeRole | null;
  readonly name: string;
  readonly logit: number | null;
  readonly limit: number;
  readonly dim: boolean;
  readonly onPoint: (way: number | null) => void;
}

function Node({ node, role, name, logit, limit, dim, onPoint }: NodeProps) {
  const value = logit === null ? '' : `, logit ${formatReading(logit, limit)}`;
  const said = role
    ? `Node ${node + 1} speaks for ${name} in assignment ${listName(role.list)}${value}`
    : `Node ${node + 1} is not used${value}`;
  const share = logit === null ? 0 : logit / limit;
  return (
    <li
      className={styles.node}
      title={said}
      data-unused={role === null || undefined}
      data-dim={dim || undefined}
      style={{ '--class': role ? classColour(role.way) : undefined } as CSSProperties}
      onPointerEnter={() => onPoint(role?.way ?? null)}
      onPointerLeave={() => onPoint(null)}
    >
      <span className={styles.spoken}>{said}</span>
      <span className={styles.range} aria-hidden="true">
        <span className={styles.logit} style={{ height: `${50 * Math.abs(share)}%`, [share < 0 ? 'top' : 'bottom']: '50%' }} />
      </span>
      <span className={styles.speaks} aria-hidden="true">
        {role ? `${role.way + 1}${listName(role.list)}` : ''}
      </span>
    </li>
  );
}

interface SumsProps {
  readonly classes: readonly string[];
  readonly sums: Float32Array | null;
  readonly pointed: number | null;
  readonly onPoint: (way: number | null) => void;
}

/** The score of each class: its nodes’ answers, added up. Legend of the classes as well. */
function Sums({ classes, sums, pointed, onPoint }: SumsProps) {
  const limit = Math.max(1e-6, ...(sums ?? []).map(Math.abs));
  const best = sums?.indexOf(Math.max(...sums));
  return (
    <ol className={styles.sums} aria-label="Sum of the answers for each class">
      {classes.map((name, way) => {
        const sum = sums?.[way];
        const share = (sum ?? 0) / limit;
        return (
          <li
            key={way}
            data-best={way === best || undefined}
            data-dim={(pointed !== null && pointed !== way) || undefined}
            onPointerEnter={() => onPoint(way)}
            onPointerLeave={() => onPoint(null)}
          >
            <ClassMark way={way} />
            <span className={styles.sumName} title={name}>
              {way + 1} {name}
            </span>
            <span className={styles.sumTrack} aria-hidden="true">
              <span
                style={{
                  background: classColour(way),
                  width: `${50 * Math.abs(share)}%`,
                  [share < 0 ? 'right' : 'left']: '50%',
                }}
              />
            </span>
            <span className={styles.sum}>{sum === undefined ? '–' : formatReading(sum, limit)}</span>
          </li>
        );
      })}
    </ol>
  );
}

/** A class’s colour and shape, as everywhere in the workspace. */
export function ClassMark({ way }: { way: number }) {
  return (
    <svg className={styles.mark} viewBox="-7 -7 14 14" width={14} height={14} aria-hidden="true">
      <path d={symbol(classShape(way), 90)() ?? ''} fill={classColour(way)} />
    </svg>
  );
}

function Count({ assignments, classes, nodes, most, onCount }: AssignmentBoardProps) {
  const count = assignments.length;
  if (most < 2) {
    return (
      <p className={panels.quiet}>
        {classes.length} classes leave room for one assignment among {nodes} nodes, so there is no ensemble.
      </p>
    );
  }
  return (
    <div className={panels.share}>
      <span className={panels.shareLabel}>Assignments (J)</span>
      <Slider
        size={4}
        thumbSize={14}
        label={null}
        thumbLabel="Assignments"
        min={1}
        max={most}
        step={1}
        value={count}
        onChange={onCount}
        onDoubleClick={() => onCount(most)}
      />
      <NumberEntry
        w={58}
        aria-label={`Assignments, 1 to ${formatNumber(most)}`}
        value={count}
        min={1}
        max={most}
        step={1}
        onChange={(next) => onCount(Math.round(next))}
      />
    </div>
  );
}
