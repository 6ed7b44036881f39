import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { deprocess } from '../runtime/preprocess.ts';
import type { Preprocessing } from '../runtime/protocol.ts';
import { useSettings, useStatus, useStudio } from './context.ts';
import { Dialog } from './dialog.tsx';
import { NumberEntry } from './fields.tsx';
import styles from './panels.module.css';
import { SizeForm } from './size-form.tsx';
import { preprocessingOf } from './subject.ts';

/** Numbers separated by commas or blanks; null where something else stands among them or their count is wrong. */
function numbersIn(text: string, counts: readonly number[]): number[] | null {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  const values = parts.map(Number);
  return counts.includes(values.length) && values.every(Number.isFinite) ? values : null;
}

/** How pixels become the model's input: our guess with its grounds, the picture the model gets, and the means to correct it. */
export default function PreprocessingDialog() {
  const { settings, ui } = useStudio();
  const chosen = useSettings(({ preprocessing }) => preprocessing);
  const { model, prepared } = useStatus(({ model, prepared }) => ({ model, prepared }));
  const close = () => ui.setState({ dialog: null });
  const now = model && preprocessingOf(model, chosen);
  const change = (patch: Partial<Preprocessing>) => {
    if (now)
      settings.set({
        preprocessing: { ...now, ...patch, mean: [...(patch.mean ?? now.mean)], std: [...(patch.std ?? now.std)] },
      });
  };
  return (
    <Dialog name="preprocessing" title="How should pixels become input?">
      {() =>
        !model || !now ? (
          <p>Open a model first.</p>
        ) : (
          <div className={styles.preprocessing}>
            <div>
              {prepared && <InputPreview input={prepared.input} preprocessing={prepared.preprocessing} />}
              <p className={styles.quiet}>
                What the model gets, turned back into a picture. Odd colours or a washed-out picture mean a wrong setting.
              </p>
            </div>
            <div className={styles.form}>
              <p>
                {chosen ? <strong>Set by you.</strong> : model.own && <strong>Our guess.</strong>}{' '}
                {model.summary.preprocessingGrounds}
              </p>
              <p className={styles.quiet}>
                Fixed by the model: {now.height} × {now.width}, {now.layout}.
              </p>
              <NativeSelect
                size="xs"
                label="Channels"
                value={now.channels}
                data={now.channels === 'gray' ? ['gray'] : ['RGB', 'BGR']}
                onChange={({ currentTarget }) => change({ channels: currentTarget.value as Preprocessing['channels'] })}
              />
              <NativeSelect
                size="xs"
                label="Range of values before mean and deviation"
                value={String(now.scale)}
                data={[
                  { value: '1', label: '0 to 1' },
                  { value: '255', label: '0 to 255' },
                ]}
                onChange={({ currentTarget }) => change({ scale: currentTarget.value === '255' ? 255 : 1 })}
              />
              <NumbersField label="Mean" values={now.mean} check={() => true} onChange={(mean) => change({ mean })} />
              <NumbersField
                label="Standard deviation"
                values={now.std}
                check={(values) => values.every((value) => value !== 0)}
                onChange={(std) => change({ std })}
              />
              <NumberEntry
                label="Short side before cropping, in pixels"
                value={now.resizeShort}
                min={Math.min(now.height, now.width)}
                max={8192}
                step={1}
                onChange={(value) => change({ resizeShort: Math.round(value) })}
              />
              <NativeSelect
                size="xs"
                label="Resizing filter"
                value={now.interpolation}
                data={['bilinear', 'bicubic']}
                onChange={({ currentTarget }) =>
                  change({ interpolation: currentTarget.value === 'bicubic' ? 'bicubic' : 'bilinear' })
                }
              />
              {model.sizeOpen && <SizeForm />}
              <div className={styles.row}>
                <Button size="xs" onClick={close}>
                  Done
                </Button>
                <Button size="xs" variant="default" disabled={!chosen} onClick={() => settings.set({ preprocessing: null })}>
                  {model.own ? 'Back to the guess' : 'Back to the card'}
                </Button>
              </div>
            </div>
          </div>
        )
      }
    </Dialog>
  );
}

/** Digits of a mean or deviation that is not being typed. */
const SHOWN_DIGITS = 6;

/** One number for each channel, typed with commas between. */
function NumbersField(props: {
  label: string;
  values: readonly number[];
  check: (values: number[]) => boolean;
  onChange: (values: number[]) => void;
}) {
  const { label, values, check, onChange } = props;
  const [draft, setDraft] = useState<string | null>(null);
  const parsed = draft === null ? null : numbersIn(draft, [1, values.length]);
  const valid = draft === null || (parsed !== null && check(parsed));
  const take = () => {
    if (parsed && valid) onChange(parsed.length === 1 ? values.map(() => parsed[0] ?? 0) : parsed);
    setDraft(null);
  };
  return (
    <TextInput
      size="xs"
      label={`${label}, ${values.length === 1 ? 'one number' : 'a number for each channel'}`}
      value={draft ?? values.map((value) => Number(value.toPrecision(SHOWN_DIGITS))).join(', ')}
      error={
        valid
          ? null
          : `Type ${values.length === 1 ? 'one number' : `${values.length} numbers`}${check([0]) ? '' : ', none of them 0'}.`
      }
      onChange={({ currentTarget }) => setDraft(currentTarget.value)}
      onBlur={take}
      onKeyDown={({ key }) => key === 'Enter' && take()}
    />
  );
}

function InputPreview({ input, preprocessing }: { input: Float32Array; preprocessing: Preprocessing }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const { width, height } = preprocessing;
    context.canvas.width = width;
    context.canvas.height = height;
    context.putImageData(new ImageData(deprocess(input, preprocessing), width, height), 0, 0);
  }, [input, preprocessing]);
  return <canvas ref={canvas} className={styles.preview} role="img" aria-label="The picture as the model gets it" />;
}
