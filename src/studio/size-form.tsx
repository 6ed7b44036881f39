import { Button, NumberInput } from '@mantine/core';
import { useState } from 'react';
import { useStudio } from './context.ts';
import styles from './panels.module.css';

/** Usual side of an ImageNet classifier, offered where a file leaves its input's size open. Pixels. */
const USUAL_SIDE = 224;

/** Asks for the input's size where the model's file leaves it open, and opens the model with it. */
export function SizeForm() {
  const { intake } = useStudio();
  const [height, setHeight] = useState<number | string>(USUAL_SIDE);
  const [width, setWidth] = useState<number | string>(USUAL_SIDE);
  return (
    <form
      className={styles.row}
      onSubmit={(event) => {
        event.preventDefault();
        if (typeof height === 'number' && typeof width === 'number') void intake.openAtSize(height, width);
      }}
    >
      <NumberInput size="xs" w={72} label="Height" min={1} max={4096} value={height} onChange={setHeight} />
      <NumberInput size="xs" w={72} label="Width" min={1} max={4096} value={width} onChange={setWidth} />
      <Button size="xs" type="submit">
        Open
      </Button>
    </form>
  );
}
