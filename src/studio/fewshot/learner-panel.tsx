import { useMemo } from 'react';
import { mostAssignments } from '../../fewshot/assignments.ts';
import { classMajorLabels } from '../../fewshot/episode.ts';
import { ensembleAccuracies } from '../../fewshot/support-state.ts';
import { action } from '../actions.ts';
import { useFewShot, usePerform, useReset, useSettings, useStudio } from '../context.ts';
import { NumberField } from '../fields.tsx';
import panels from '../panels.module.css';
import { AssignmentBoard } from './assignment-board.tsx';
import { isShort } from './compared.ts';
import { FewShotNotes } from './fewshot-notes.tsx';
import { PrototypePanel } from './prototype-panel.tsx';
import { useShownState } from './shown-state.ts';

/** How the learner learns: who speaks for whom, or where its prototypes lie, and what it means. */
export function LearnerPanel() {
  const card = useFewShot(({ learner }) => learner?.card ?? null);
  return (
    <>
      <Nodes />
      {card?.kind === 'maml' ? <InnerLoop /> : <PrototypePanel />}
      {card && <FewShotNotes card={card} />}
    </>
  );
}

/** Label equivalence: which output nodes speak for which class. */
function Nodes() {
  const { settings } = useStudio();
  const perform = usePerform();
  const { board, card, answer, held } = useFewShot(({ board, learner, answer, held }) => ({
    board,
    card: learner?.card ?? null,
    answer,
    held,
  }));
  const state = useShownState();
  const nodes = card?.kind === 'maml' ? card.nodes : 0;
  const assignments = state?.adapted.kind === 'parameters' ? state.adapted.assignments : [];
  const ensemble = useMemo(() => {
    const logits = state?.queries?.logits;
    if (!board || !logits || state.adapted.kind !== 'parameters') return null;
    const labels = classMajorLabels(board.queries.map(({ length }) => length));
    return { accuracies: ensembleAccuracies(logits, nodes, state.adapted.assignments, labels), queries: labels.length };
  }, [board, state, nodes]);
  if (!board || !card) return <p className={panels.empty}>How the learner tells classes apart will stand here.</p>;
  return (
    <section className={panels.section} aria-labelledby="nodes-heading">
      <h2 id="nodes-heading">Who speaks for whom (assignments)</h2>
      {nodes > 0 && assignments.length === 0 ? (
        <p className={panels.quiet}>
          {isShort(card, board.classes.length)
            ? `${nodes} output nodes cannot speak for ${board.classes.length} classes, so none is assigned.`
            : 'Give at least two classes an example each, and the output nodes will be assigned here.'}
        </p>
      ) : (
        <AssignmentBoard
          nodes={nodes}
          classes={board.classes.map(({ name }) => name)}
          assignments={assignments}
          most={mostAssignments(nodes, board.classes.length)}
          logits={answer?.prediction.logits ?? null}
          held={held}
          ensemble={ensemble}
          onCount={(count) => settings.set({ assignments: count })}
          onShuffle={() => perform(action('shuffle-nodes'))}
        />
      )}
    </section>
  );
}

function InnerLoop() {
  const { settings } = useStudio();
  const reset = useReset();
  const card = useFewShot(({ learner }) => learner?.card ?? null);
  const innerRate = useSettings(({ innerRate }) => innerRate);
  if (card?.kind !== 'maml') return null;
  const { learningRate, headLearningRate = learningRate } = card.inner;
  const head =
    headLearningRate === learningRate ? '' : ` (its output nodes with ${headLearningRate}, which follows in proportion)`;
  return (
    <section className={panels.section} aria-labelledby="inner-heading">
      <h2 id="inner-heading">Inner loop</h2>
      <NumberField
        label="Learning rate (η)"
        help={`How far a step goes. The learner was trained with ${learningRate}${head}; double-click goes back to that`}
        value={innerRate ?? learningRate}
        min={0.001}
        max={10}
        step={learningRate / 2}
        onChange={(next) => settings.set({ innerRate: next === learningRate ? null : next })}
        onReset={() => reset('innerRate')}
      />
    </section>
  );
}
