/** Angles carry their unit: radians in code, degrees in files and in the interface. */
export type Radians = number & { readonly unit: 'radian' };
export type Degrees = number & { readonly unit: 'degree' };

/** Says that a plain number is in radians. */
export function radians(value: number): Radians {
  return value as Radians;
}

/** Says that a plain number is in degrees. */
export function degrees(value: number): Degrees {
  return value as Degrees;
}

export function toRadians(angle: Degrees): Radians {
  return radians((angle * Math.PI) / 180);
}

export function toDegrees(angle: Radians): Degrees {
  return degrees((angle * 180) / Math.PI);
}

/** The same direction in [0, 2π). */
export function fullTurn(angle: Radians): Radians {
  const turn = 2 * Math.PI;
  const rest = angle % turn;
  // A tiny negative rest plus a turn rounds to the turn itself.
  return radians(rest < 0 ? (rest + turn) % turn : rest);
}
