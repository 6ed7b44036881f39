/** Gives out frames at most every `interval` milliseconds, and never one before the last was dealt with. */
export interface FramePump<Frame> {
  /** null: there is none just now. */
  readonly take: () => Frame | null;
  /** Whoever takes a frame tells of its own failures; the next frame comes all the same. */
  readonly give: (frame: Frame) => Promise<void> | void;
  readonly interval: number;
}

/** @returns ends it */
export function pumpFrames<Frame>({ take, give, interval }: FramePump<Frame>): () => void {
  let ended = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const turn = async () => {
    const begun = performance.now();
    const frame = take();
    try {
      if (frame !== null) await give(frame);
    } catch {
      // See `give`.
    }
    if (!ended) timer = setTimeout(turn, Math.max(0, begun + interval - performance.now()));
  };
  void turn();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
