import { NumberInput, Slider, Tooltip } from '@mantine/core';
import { useEffect, useId, useState } from 'react';
import styles from './panels.module.css';

export interface NumberFieldProps {
  readonly label: string;
  readonly help?: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly onChange: (value: number) => void;
  readonly onReset?: () => void;
}

/** A pause this long after the last key or click ends typing. Milliseconds. */
const TYPING_ENDS = 500;

/** A number that is typed or stepped; it counts when typing pauses. Double-click on its name resets it. */
export function NumberField({ label, help, value, min, max, step, onChange, onReset }: NumberFieldProps) {
  /** What is being typed; null while the field shows the value. A value that changes meanwhile, as by undo, wins. */
  const [typed, setTyped] = useState<number | string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the value is what the effect waits for
  useEffect(() => setTyped(null), [value]);
  const counts = typeof typed === 'number' && typed >= min && typed <= max && typed !== value;
  useEffect(() => {
    if (!counts) return;
    const timer = setTimeout(() => onChange(typed), TYPING_ENDS);
    return () => clearTimeout(timer);
  }, [counts, typed, onChange]);
  const id = useId();
  return (
    <div className={styles.field}>
      <Tooltip label={help} disabled={!help} multiline maw={240}>
        <label htmlFor={id} onDoubleClick={onReset}>
          {label}
        </label>
      </Tooltip>
      <NumberInput
        id={id}
        size="xs"
        w={96}
        value={typed ?? value}
        min={min}
        max={max}
        step={step}
        onChange={setTyped}
        onBlur={() => counts && onChange(typed)}
      />
    </div>
  );
}

export interface ShareFieldProps {
  readonly label: string;
  /** 0…1, shown in percent. */
  readonly value: number;
  readonly onChange: (value: number) => void;
  readonly onReset: () => void;
}

/** A share as a slider with the number beside it. Double-click resets it. */
export function ShareField({ label, value, onChange, onReset }: ShareFieldProps) {
  const percent = Math.round(value * 100);
  return (
    <div className={styles.share}>
      <span className={styles.shareLabel}>{label}</span>
      <Slider
        size={4}
        thumbSize={14}
        label={null}
        thumbLabel={label}
        thumbValueText={(shown) => `${shown} %`}
        value={percent}
        onChange={(next) => onChange(next / 100)}
        onDoubleClick={onReset}
      />
      <NumberInput
        size="xs"
        w={58}
        hideControls
        suffix=" %"
        aria-label={`${label} in percent`}
        value={percent}
        min={0}
        max={100}
        onChange={(next) => typeof next === 'number' && next >= 0 && next <= 100 && onChange(next / 100)}
      />
    </div>
  );
}
