/** The path of a Chromium that starts; installs one where there is none. Throws an Error that says what to do. */
export function findChromium(): string;
