import { NumberInput, type NumberInputProps, Slider, Tooltip } from '@mantine/core';
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

type NumberEntryProps = Pick<NumberFieldProps, 'value' | 'min' | 'max' | 'step' | 'onChange'> &
  Pick<NumberInputProps, 'id' | 'label' | 'w' | 'suffix' | 'hideControls' | 'aria-label'>;

/**
 * The box of a number that is typed or stepped. What is typed counts when typing pauses, or with Enter or leaving at once; then
 * what lies outside the limits becomes the limit, and what is no number the value again, so that the box never shows what does
 * not hold.
 */
export function NumberEntry({ value, min, max, onChange, ...look }: NumberEntryProps) {
  /** What is being typed; null while the box shows the value. A value that changes meanwhile, as by undo, wins. */
  const [typed, setTyped] = useState<number | string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the value is what the effect waits for
  useEffect(() => setTyped(null), [value]);
  const counts = typeof typed === 'number' && typed >= min && typed <= max && typed !== value;
  useEffect(() => {
    if (!counts) return;
    const timer = setTimeout(() => onChange(typed), TYPING_ENDS);
    return () => clearTimeout(timer);
  }, [counts, typed, onChange]);
  const settle = () => {
    const number = Number.parseFloat(String(typed));
    const kept = Math.min(max, Math.max(min, number));
    if (!Number.isNaN(kept) && kept !== value) onChange(kept);
    setTyped(null);
  };
  return (
    <NumberInput
      size="xs"
      {...look}
      value={typed ?? value}
      min={min}
      max={max}
      clampBehavior="none"
      onChange={setTyped}
      onBlur={settle}
      onKeyDown={({ key }) => key === 'Enter' && settle()}
    />
  );
}

/** A number with its name before it. Double-click on its name resets it. */
export function NumberField({ label, help, onReset, ...entry }: NumberFieldProps) {
  const id = useId();
  return (
    <div className={styles.field}>
      <Tooltip label={help} disabled={!help} multiline maw={240}>
        <label htmlFor={id} onDoubleClick={onReset}>
          {label}
        </label>
      </Tooltip>
      <NumberEntry id={id} w={96} {...entry} />
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
      <NumberEntry
        w={58}
        hideControls
        suffix=" %"
        aria-label={`${label} in percent`}
        value={percent}
        min={0}
        max={100}
        step={1}
        onChange={(next) => onChange(next / 100)}
      />
    </div>
  );
}
