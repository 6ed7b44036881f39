export function StepsStrip() {
  return null;
}
