/** Where the browser tests serve the built studio and the built numeric suite. */
export const PORT = 4173;
export const NUMERIC_PORT = 4174;
