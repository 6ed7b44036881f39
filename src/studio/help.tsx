import { Kbd, Switch } from '@mantine/core';
import type { ReactNode } from 'react';
import { type ActionGroup, actionsOf, writeKeys } from './actions.ts';
import { useSettings, useStudio } from './context.ts';
import { Dialog } from './dialog.tsx';
import styles from './panels.module.css';
import { IS_MAC } from './platform.ts';
import type { Workspace } from './workspaces.ts';

const GROUPS: readonly ActionGroup[] = ['View', 'Explain', 'Few-shot', 'Relight', 'Panels', 'Open', 'Take away', 'Help'];

/** What the studio is, and every shortcut. */
export default function Help() {
  const { settings } = useStudio();
  const workspace = useSettings(({ workspace }) => workspace);
  const singleKeys = useSettings(({ singleKeys }) => singleKeys);
  const About = ABOUT[workspace];
  return (
    <Dialog name="help" title="Shortcuts and help">
      {() => (
        <>
          <div className={styles.prose}>
            <About />
            <p>Double-click on a slider or a number’s name resets it.</p>
          </div>
          <Switch
            size="sm"
            my="md"
            label="Shortcuts of a single key"
            checked={singleKeys}
            onChange={({ currentTarget }) => settings.set({ singleKeys: currentTarget.checked })}
          />
          <div className={styles.shortcuts}>
            {GROUPS.map((group) => {
              const actions = actionsOf(workspace).filter((action) => action.group === group && action.keys.length > 0);
              if (actions.length === 0) return null;
              return (
                <section key={group} aria-label={group}>
                  <h3>{group}</h3>
                  <dl>
                    {actions.map(({ id, label, keys }) => (
                      <div key={id} className={styles.shortcut}>
                        <dt>{label}</dt>
                        <dd>
                          {keys.map((key) => (
                            <Kbd key={key} size="xs">
                              {writeKeys(key, IS_MAC)}
                            </Kbd>
                          ))}
                        </dd>
                      </div>
                    ))}
                  </dl>
                </section>
              );
            })}
          </div>
        </>
      )}
    </Dialog>
  );
}

function AboutExplain() {
  return (
    <>
      <p>
        Heliograph shows why an image classifier decided as it did. Every explanation is the model’s own graph, transformed into
        another ONNX graph that computes the map in one run; you can take that graph away.
      </p>
      <p>
        On the picture, arrow keys move the reading point, Shift makes ten steps of one, Home and End go to what speaks most for
        and against.
      </p>
    </>
  );
}

function AboutRelight() {
  return (
    <>
      <p>
        Relight shows a place that was learned from photographs, each taken under its own sun, and lights it by any sun you like.
        Drag the sun on the sky or on the compass, or let the day pass.
      </p>
      <p>
        In the picture, dragging turns the view, the wheel goes nearer, Shift with dragging moves sideways. Arrow keys turn, or
        walk where walking is chosen; + and − go nearer and back.
      </p>
    </>
  );
}

function AboutFewShot() {
  return (
    <>
      <p>
        Few-shot shows one learner adapt to classes it has never met, from a few examples of each. Draw an episode from a pool, or
        make your own by drawing, by camera or from folders, then ask about a picture.
      </p>
      <p>
        On the board, arrow keys go from picture to picture, Enter asks about one, Delete takes it away, F2 renames a class. On
        the drawing sheet, arrow keys move the pen and Space puts it down or lifts it.
      </p>
    </>
  );
}

const ABOUT: Readonly<Record<Workspace, () => ReactNode>> = {
  explain: AboutExplain,
  'few-shot': AboutFewShot,
  relight: AboutRelight,
};
